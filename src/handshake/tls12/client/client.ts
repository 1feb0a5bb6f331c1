import type { Context } from '../../context.ts';
import { type Handlers, protocol, type ServerHelloArrival } from '../../machine.ts';
import { commands12 } from '../commands.ts';
import type { KeyExchange12 } from '../key-exchange/key-exchange.ts';
import { ecdheExchange12 } from '../key-exchange/ecdhe.ts';
import { changeCipherSpec, finished12, helloRequest, serverHelloDone } from './client-flight.ts';
import { offer12, serverHello12 } from './hello.ts';
import {
  changeCipherSpecResumed12,
  finishedResumed12,
  newSessionTicket12,
  newSessionTicketResumed12,
} from './resume.ts';
import { certificate12, certificateRequest12, certificateStatus, serverKeyExchange } from './server-flight.ts';
import type { HelloSent } from '../../client-hello.ts';
import { clientTable12 } from './table.ts';
import type { ClientConfig, ClientProtocol } from '../../config.ts';
import type { ClientData12 } from './states.ts';

/** TLS 1.2 as a client (RFC 5246), with ephemeral ECDH. */
export function makeClient12(protect: NonNullable<ClientProtocol['protect']>): ClientProtocol {
  return protocol<typeof clientTable12, ClientData12, 'CONNECTED_12', ClientConfig>({
    version: 0x0303,
    role: 'client',
    table: clientTable12,
    open: 'CONNECTED_12',
    protect,
    handlers: clientHandlers12(ecdheExchange12),
    refusals: { WAIT_SH: { ServerHello13: 'ERR_SELECTED_VERSION' } },
    offer: (config, ticket) => offer12(config, ecdheExchange12, ticket),
    commands: commands12,
  });
}

/** The steps, for a key exchange; the entry for old devices has its own. */
export function clientHandlers12(
  keyExchange: KeyExchange12,
): Handlers<typeof clientTable12, ClientData12, ClientConfig> {
  return {
    WAIT_SH: {
      ServerHello12: (data: HelloSent, message: ServerHelloArrival, context: Context<ClientConfig>) =>
        serverHello12(keyExchange, data, message, context),
    },
    WAIT_CERT_12: { Certificate12: certificate12 },
    WAIT_STATUS_12: { CertificateStatus: certificateStatus, ServerKeyExchange: serverKeyExchange },
    WAIT_SKE_12: { ServerKeyExchange: serverKeyExchange },
    WAIT_CR_SHD_12: { CertificateRequest12: certificateRequest12, ServerHelloDone: serverHelloDone },
    WAIT_SHD_12: { ServerHelloDone: serverHelloDone },
    WAIT_TICKET_12: { NewSessionTicket12: newSessionTicket12 },
    WAIT_CCS_12: { ChangeCipherSpec: changeCipherSpec },
    WAIT_FINISHED_12: { Finished12: finished12 },
    WAIT_TICKET_RESUMED_12: { NewSessionTicket12: newSessionTicketResumed12 },
    WAIT_CCS_RESUMED_12: { ChangeCipherSpec: changeCipherSpecResumed12 },
    WAIT_FINISHED_RESUMED_12: { Finished12: finishedResumed12 },
    CONNECTED_12: { HelloRequest: helloRequest },
  };
}

import type { Context } from '../../context.ts';
import { type Arrival, type Handlers, type Protocol, protocol } from '../../machine.ts';
import { commands12 } from '../commands.ts';
import type { KeyExchange12 } from '../key-exchange/key-exchange.ts';
import { ecdheExchange12 } from '../key-exchange/ecdhe.ts';
import {
  type ClientConnected12,
  type ClientFinishing12,
  type ClientSwitching12,
  changeCipherSpec,
  finished12,
  helloRequest,
  serverHelloDone,
} from './client-flight.ts';
import { type ClientAgreed12, offer12, serverHello12 } from './hello.ts';
import {
  type ClientResuming12,
  changeCipherSpecResumed12,
  finishedResumed12,
  newSessionTicket12,
  newSessionTicketResumed12,
} from './resume.ts';
import {
  type ClientAsked12,
  certificate12,
  certificateRequest12,
  certificateStatus,
  type ServerProven12,
  type ServerShown12,
  serverKeyExchange,
} from './server-flight.ts';
import type { HelloSent } from '../../client-hello.ts';
import { clientTable12 } from './table.ts';

/** What each state of the client knows. */
export interface ClientData12 {
  WAIT_SH: HelloSent;
  WAIT_CERT_12: ClientAgreed12;
  WAIT_STATUS_12: ServerShown12;
  WAIT_SKE_12: ServerShown12;
  WAIT_CR_SHD_12: ServerProven12;
  WAIT_SHD_12: ClientAsked12;
  WAIT_TICKET_12: ClientSwitching12;
  WAIT_CCS_12: ClientSwitching12;
  WAIT_FINISHED_12: ClientFinishing12;
  WAIT_TICKET_RESUMED_12: ClientResuming12;
  WAIT_CCS_RESUMED_12: ClientResuming12;
  WAIT_FINISHED_RESUMED_12: ClientResuming12;
  CONNECTED_12: ClientConnected12;
}

/** TLS 1.2 as a client (RFC 5246), as it is in force: ephemeral ECDH and AEADs. */
export const client12: Protocol = /* @__PURE__ */ makeClient12();

function makeClient12(): Protocol {
  return protocol<typeof clientTable12, ClientData12>({
    version: 0x0303,
    role: 'client',
    table: clientTable12,
    open: 'CONNECTED_12',
    handlers: clientHandlers12(ecdheExchange12),
    refusals: { WAIT_SH: { ServerHello13: 'ERR_SELECTED_VERSION' } },
    offer: (config, ticket) => offer12(config, ecdheExchange12, ticket),
    commands: commands12,
  });
}

/** The steps, for a kit; the entry for old devices has its own. */
export function clientHandlers12(kit: KeyExchange12): Handlers<typeof clientTable12, ClientData12> {
  return {
    WAIT_SH: {
      ServerHello12: (data: HelloSent, message: Arrival, context: Context) =>
        serverHello12(kit, data, message, context),
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

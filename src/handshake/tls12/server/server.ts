import type { Context } from '../../context.ts';
import { type ClientHelloArrival, type Fresh, type Handlers, protocol } from '../../machine.ts';
import { commands12 } from '../commands.ts';
import type { KeyExchange12 } from '../key-exchange/key-exchange.ts';
import {
  certificate12,
  certificateVerify12,
  changeCipherSpec,
  clientKeyExchange,
  clientKeyExchangeOfShown,
  finished12,
} from './client-flight.ts';
import { clientHello12 } from './hello.ts';
import { changeCipherSpecResumed12, finishedResumed12 } from './resume.ts';
import { serverTable12 } from './table.ts';
import type { ServerConfig, ServerProtocol } from '../../config.ts';
import type { ServerData12 } from './states.ts';

/** TLS 1.2 as a server (RFC 5246), with this key exchange. */
export function makeServer12(
  keyExchange: KeyExchange12,
  parts: Pick<ServerProtocol, 'protect' | 'suites' | 'firstHello'>,
): ServerProtocol {
  return protocol<typeof serverTable12, ServerData12, 'CONNECTED_12', ServerConfig>({
    version: 0x0303,
    role: 'server',
    table: serverTable12,
    open: 'CONNECTED_12',
    ...parts,
    handlers: serverHandlers12(keyExchange),
    refusals: {
      START: { ClientHello13: 'ERR_VERSION' },
      CONNECTED_12: { ClientHello12: 'ERR_RENEGOTIATION', ClientHello13: 'ERR_RENEGOTIATION' },
    },
    commands: commands12,
  });
}

function serverHandlers12(keyExchange: KeyExchange12): Handlers<typeof serverTable12, ServerData12, ServerConfig> {
  return {
    START: {
      ClientHello12: (data: Fresh, message: ClientHelloArrival, context: Context<ServerConfig>) =>
        clientHello12(keyExchange, data, message, context),
    },
    WAIT_CERT_12: { Certificate12: certificate12 },
    WAIT_CKE_12: { ClientKeyExchange: clientKeyExchange },
    WAIT_CKE_CV_12: { ClientKeyExchange: clientKeyExchangeOfShown },
    WAIT_CV_12: { CertificateVerify12: certificateVerify12 },
    WAIT_CCS_12: { ChangeCipherSpec: changeCipherSpec },
    WAIT_FINISHED_12: { Finished12: finished12 },
    WAIT_CCS_RESUMED_12: { ChangeCipherSpec: changeCipherSpecResumed12 },
    WAIT_FINISHED_RESUMED_12: { Finished12: finishedResumed12 },
    CONNECTED_12: {},
  };
}

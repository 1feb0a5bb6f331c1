import type { Context } from '../../context.ts';
import { type Arrival, type Handlers, type Protocol, protocol } from '../../machine.ts';
import { commands12 } from '../commands.ts';
import type { KeyExchange12 } from '../key-exchange/key-exchange.ts';
import { ecdheExchange12 } from '../key-exchange/ecdhe.ts';
import {
  type ClientDone12,
  type ClientProving12,
  type ClientShown12,
  type ClientSwitching12,
  certificate12,
  certificateVerify12,
  changeCipherSpec,
  clientKeyExchange,
  clientKeyExchangeOfShown,
  finished12,
  type ServerConnected12,
} from './client-flight.ts';
import { clientHello12, type FlightSent12 } from './hello.ts';
import type { Fresh } from '../../tls13/server/hello.ts';
import { changeCipherSpecResumed12, finishedResumed12, type ServerResuming12 } from './resume.ts';
import { serverTable12 } from './table.ts';

/** What each state of the server knows. */
export interface ServerData12 {
  START: Fresh;
  WAIT_CERT_12: FlightSent12;
  WAIT_CKE_12: FlightSent12;
  WAIT_CKE_CV_12: ClientShown12;
  WAIT_CV_12: ClientProving12;
  WAIT_CCS_12: ClientSwitching12;
  WAIT_FINISHED_12: ClientDone12;
  WAIT_CCS_RESUMED_12: ServerResuming12;
  WAIT_FINISHED_RESUMED_12: ServerResuming12;
  CONNECTED_12: ServerConnected12;
}

/** TLS 1.2 as a server (RFC 5246), as it is in force: ephemeral ECDH and AEADs. */
export const server12: Protocol = /* @__PURE__ */ makeServer12(ecdheExchange12);

/** The same with another kit: the entry for old devices uses it. */
export function makeServer12(kit: KeyExchange12, more: Pick<Protocol, 'suites' | 'firstHello'> = {}): Protocol {
  return protocol<typeof serverTable12, ServerData12>({
    version: 0x0303,
    role: 'server',
    table: serverTable12,
    open: 'CONNECTED_12',
    ...more,
    handlers: serverHandlers12(kit),
    refusals: {
      START: { ClientHello13: 'ERR_VERSION' },
      CONNECTED_12: { ClientHello12: 'ERR_RENEGOTIATION', ClientHello13: 'ERR_RENEGOTIATION' },
    },
    commands: commands12,
  });
}

function serverHandlers12(kit: KeyExchange12): Handlers<typeof serverTable12, ServerData12> {
  return {
    START: {
      ClientHello12: (data: Fresh, message: Arrival, context: Context) => clientHello12(kit, data, message, context),
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

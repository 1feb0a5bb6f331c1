import type { Context } from '../../context.ts';
import { type Protocol, protocol } from '../../machine.ts';
import { answerKeyUpdates, sendKeyUpdate } from '../key-update.ts';
import {
  askPostHandshake,
  type ClientDone,
  type ClientShown,
  certificate,
  certificateVerify,
  finished,
  keyUpdate,
  type PostHandshakeDone,
  type PostHandshakeShown,
  postHandshakeCertificate,
  postHandshakeCertificateVerify,
  postHandshakeFinished,
  type ServerConnected,
} from './client-flight.ts';
import { endOfEarlyData } from './early-data.ts';
import type { FlightSent } from './server-flight.ts';
import { clientHello13, type Fresh, type RetryAsked, secondClientHello13 } from './hello.ts';
import { serverTable13 } from './table.ts';

/** What each state of the server knows. */
interface ServerData13 {
  START: Fresh;
  START_RETRIED: RetryAsked;
  WAIT_EOED: FlightSent;
  WAIT_CERT: FlightSent;
  WAIT_CV: ClientShown;
  WAIT_FINISHED: ClientDone;
  CONNECTED: ServerConnected;
  POST_HANDSHAKE_WAIT_CV: PostHandshakeShown;
  POST_HANDSHAKE_WAIT_FINISHED: PostHandshakeDone;
}

/** TLS 1.3 as a server (RFC 9846). */
export const server13: Protocol = /* @__PURE__ */ protocol<typeof serverTable13, ServerData13>({
  version: 0x0304,
  role: 'server',
  table: serverTable13,
  open: 'CONNECTED',
  handlers: {
    START: { ClientHello13: clientHello13 },
    START_RETRIED: { ClientHello13: secondClientHello13 },
    WAIT_EOED: { EndOfEarlyData: endOfEarlyData },
    WAIT_CERT: { Certificate: certificate },
    WAIT_CV: { CertificateVerify: certificateVerify },
    WAIT_FINISHED: { Finished: finished },
    CONNECTED: { KeyUpdate: keyUpdate, Certificate: postHandshakeCertificate },
    POST_HANDSHAKE_WAIT_CV: { CertificateVerify: postHandshakeCertificateVerify },
    POST_HANDSHAKE_WAIT_FINISHED: { Finished: postHandshakeFinished },
  },
  refusals: { START: { ClientHello12: 'ERR_VERSION' } },
  commands: {
    updateKeys: (data: ServerConnected, context: Context, askPeer: boolean): void =>
      sendKeyUpdate(data, context, askPeer),
    beforeData: (data: ServerConnected, context: Context): void => answerKeyUpdates(data, context),
    exportKey: (data: ServerConnected, label: string, context: Uint8Array | undefined, length: number): Uint8Array =>
      data.schedule.exportKey(label, context, length),
    requestCertificate: (data: ServerConnected, context: Context): void => askPostHandshake(data, context),
  },
});

import type { Context } from '../../context.ts';
import { type Protocol, protocol } from '../../machine.ts';
import { answerKeyUpdates, sendKeyUpdate } from '../key-update.ts';
import { TlsError } from '../../../errors.ts';
import { type ClientConnected, finished, keyUpdate, postHandshakeCertificateRequest } from './client-flight.ts';
import { type HelloRetried, helloRetryRequest, type SecretsAgreed, serverHello13 } from './hello.ts';
import {
  type CertificateAsked,
  type CertificateShown,
  certificate,
  certificateRequest,
  certificateVerify,
  encryptedExtensions,
  type ServerProven,
  type ServerProving,
} from './server-flight.ts';
import type { HelloSent } from '../../client-hello.ts';
import { clientTable13 } from './table.ts';
import { newSessionTicket } from './tickets.ts';

/** What each state of the client knows. Nothing is optional that the state is sure of. */
interface ClientData13 {
  WAIT_SH: HelloSent;
  WAIT_SH_RETRIED: HelloRetried;
  WAIT_EE: SecretsAgreed;
  WAIT_CERT_CR: ServerProving;
  WAIT_CERT: CertificateAsked;
  WAIT_CV: CertificateShown;
  WAIT_FINISHED: ServerProven;
  CONNECTED: ClientConnected;
}

/** TLS 1.3 as a client (RFC 9846). */
export const client13: Protocol = /* @__PURE__ */ protocol<typeof clientTable13, ClientData13>({
  version: 0x0304,
  role: 'client',
  table: clientTable13,
  open: 'CONNECTED',
  handlers: {
    WAIT_SH: { HelloRetryRequest: helloRetryRequest, ServerHello13: serverHello13 },
    WAIT_SH_RETRIED: { ServerHello13: serverHello13 },
    WAIT_EE: { EncryptedExtensions: encryptedExtensions },
    WAIT_CERT_CR: { CertificateRequest: certificateRequest, Certificate: certificate },
    WAIT_CERT: { Certificate: certificate },
    WAIT_CV: { CertificateVerify: certificateVerify },
    WAIT_FINISHED: { Finished: finished },
    CONNECTED: {
      NewSessionTicket: newSessionTicket,
      KeyUpdate: keyUpdate,
      CertificateRequest: postHandshakeCertificateRequest,
    },
  },
  refusals: {
    WAIT_SH: { ServerHello12: 'ERR_VERSION' },
    WAIT_SH_RETRIED: { HelloRetryRequest: 'ERR_SECOND_RETRY', ServerHello12: 'ERR_SELECTED_VERSION' },
  },
  commands: {
    updateKeys: (data: ClientConnected, context: Context, askPeer: boolean): void =>
      sendKeyUpdate(data, context, askPeer),
    beforeData: (data: ClientConnected, context: Context): void => answerKeyUpdates(data, context),
    exportKey: (data: ClientConnected, label: string, context: Uint8Array | undefined, length: number): Uint8Array =>
      data.schedule.exportKey(label, context, length),
    requestCertificate(): void {
      throw new TlsError('ERR_STATE', { detail: 'only a server asks for a certificate' });
    },
  },
});

import type { ClientConfig, ClientProtocol } from '../../config.ts';
import { protocol } from '../../machine.ts';
import { answerKeyUpdates, sendKeyUpdate } from '../key-update.ts';
import { TlsError } from '../../../errors.ts';
import { finished, keyUpdate, postHandshakeCertificateRequest } from './client-flight.ts';
import { helloRetryRequest, serverHello13 } from './hello.ts';
import { certificate, certificateRequest, certificateVerify, encryptedExtensions } from './server-flight.ts';
import { clientTable13 } from './table.ts';
import { newSessionTicket } from './tickets.ts';
import type { ClientData13 } from './states.ts';

/** TLS 1.3 as a client (RFC 9846). */
export const client13: ClientProtocol = /* @__PURE__ */ protocol<
  typeof clientTable13,
  ClientData13,
  'CONNECTED',
  ClientConfig
>({
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
  commands: (data, context) => ({
    updateKeys: (askPeer) => sendKeyUpdate(data, context, askPeer),
    beforeData: () => answerKeyUpdates(data, context),
    exportKey: (label, exporterContext, length) => data.schedule.exportKey(label, exporterContext, length),
    requestCertificate(): void {
      throw new TlsError('ERR_STATE', { detail: 'only a server asks for a certificate' });
    },
  }),
});

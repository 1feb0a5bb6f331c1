import type { ServerConfig, ServerProtocol } from '../../config.ts';
import { protocol } from '../../machine.ts';
import { answerKeyUpdates, sendKeyUpdate } from '../key-update.ts';
import {
  askPostHandshake,
  certificate,
  certificateVerify,
  finished,
  keyUpdate,
  postHandshakeCertificate,
  postHandshakeCertificateVerify,
  postHandshakeFinished,
} from './client-flight.ts';
import { endOfEarlyData } from './early-data.ts';
import { clientHello13, secondClientHello13 } from './hello.ts';
import { serverTable13 } from './table.ts';
import type { ServerData13 } from './states.ts';

/** TLS 1.3 as a server (RFC 9846). */
export const server13: ServerProtocol = /* @__PURE__ */ protocol<
  typeof serverTable13,
  ServerData13,
  'CONNECTED',
  ServerConfig
>({
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
  commands: (data, context) => ({
    updateKeys: (askPeer) => sendKeyUpdate(data, context, askPeer),
    beforeData: () => answerKeyUpdates(data, context),
    exportKey: (label, exporterContext, length) => data.schedule.exportKey(label, exporterContext, length),
    requestCertificate: () => askPostHandshake(data, context),
  }),
});

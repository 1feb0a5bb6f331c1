/**
 * RFC 9846 appendix A.2, as data. RECVD_CH, NEGOTIATED and WAIT_FLIGHT2 of the figure are no rows: nothing arrives in
 * them; they are places inside the step of the ClientHello. The rows POST_HANDSHAKE_* are post-handshake authentication
 * (section 4.7.2): the client's answer comes as one block, so nothing but its next message may follow.
 */
export const serverTable13 = {
  START: {
    ClientHello13: {
      epoch: 'plaintext',
      to: ['START_RETRIED', 'WAIT_EOED', 'WAIT_CERT', 'WAIT_FINISHED'],
      rekeysRead: true,
    },
  },
  START_RETRIED: {
    ClientHello13: { epoch: 'plaintext', to: ['WAIT_CERT', 'WAIT_FINISHED'], rekeysRead: true },
  },
  WAIT_EOED: { EndOfEarlyData: { epoch: 'early', to: ['WAIT_FINISHED'], rekeysRead: true } },
  WAIT_CERT: { Certificate: { epoch: 'handshake', to: ['WAIT_CV', 'WAIT_FINISHED'] } },
  WAIT_CV: { CertificateVerify: { epoch: 'handshake', to: ['WAIT_FINISHED'] } },
  WAIT_FINISHED: { Finished: { epoch: 'handshake', to: ['CONNECTED'], rekeysRead: true } },
  CONNECTED: {
    KeyUpdate: { epoch: 'application', to: ['CONNECTED'], rekeysRead: true },
    Certificate: { epoch: 'application', to: ['POST_HANDSHAKE_WAIT_CV', 'POST_HANDSHAKE_WAIT_FINISHED'] },
  },
  POST_HANDSHAKE_WAIT_CV: { CertificateVerify: { epoch: 'application', to: ['POST_HANDSHAKE_WAIT_FINISHED'] } },
  POST_HANDSHAKE_WAIT_FINISHED: { Finished: { epoch: 'application', to: ['CONNECTED'] } },
} as const;

/**
 * RFC 9846 appendix A.1, as data. Sending the ClientHello is the engine's start; what a row lists is what may arrive.
 * CertificateRequest in CONNECTED is post-handshake authentication (section 4.7.2).
 */
export const clientTable13 = {
  WAIT_SH: {
    // A ServerHello by its type: it has to end its record, whether the keys change behind it or not (section 5.1).
    HelloRetryRequest: { epoch: 'plaintext', to: ['WAIT_SH_RETRIED'], rekeysRead: true },
    ServerHello13: { epoch: 'plaintext', to: ['WAIT_EE'], rekeysRead: true },
  },
  WAIT_SH_RETRIED: { ServerHello13: { epoch: 'plaintext', to: ['WAIT_EE'], rekeysRead: true } },
  WAIT_EE: { EncryptedExtensions: { epoch: 'handshake', to: ['WAIT_CERT_CR', 'WAIT_FINISHED'] } },
  WAIT_CERT_CR: {
    CertificateRequest: { epoch: 'handshake', to: ['WAIT_CERT'] },
    Certificate: { epoch: 'handshake', to: ['WAIT_CV'] },
  },
  WAIT_CERT: { Certificate: { epoch: 'handshake', to: ['WAIT_CV'] } },
  WAIT_CV: { CertificateVerify: { epoch: 'handshake', to: ['WAIT_FINISHED'] } },
  WAIT_FINISHED: { Finished: { epoch: 'handshake', to: ['CONNECTED'], rekeysRead: true } },
  CONNECTED: {
    NewSessionTicket: { epoch: 'application', to: ['CONNECTED'] },
    KeyUpdate: { epoch: 'application', to: ['CONNECTED'], rekeysRead: true },
    CertificateRequest: { epoch: 'application', to: ['CONNECTED'] },
  },
} as const;

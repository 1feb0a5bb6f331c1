/**
 * The client's table of TLS 1.2 with the rows of the RSA key exchange (RFC 5246 section 7.4.3): the server sends no
 * ServerKeyExchange, so its certificates are judged when its flight is over. The other rows are those of
 * client/table12.ts; a test holds them against each other.
 */
export const legacyClientTable12 = {
  WAIT_SH: {
    ServerHello12: { epoch: 'plaintext', to: ['WAIT_CERT_12', 'WAIT_TICKET_RESUMED_12', 'WAIT_CCS_RESUMED_12'] },
  },
  WAIT_CERT_12: { Certificate12: { epoch: 'plaintext', to: ['WAIT_STATUS_12', 'WAIT_SKE_12', 'WAIT_SHD_RSA_12'] } },
  WAIT_STATUS_12: {
    CertificateStatus: { epoch: 'plaintext', to: ['WAIT_SKE_12'] },
    ServerKeyExchange: { epoch: 'plaintext', to: ['WAIT_CR_SHD_12'] },
  },
  WAIT_SKE_12: { ServerKeyExchange: { epoch: 'plaintext', to: ['WAIT_CR_SHD_12'] } },
  WAIT_CR_SHD_12: {
    CertificateRequest12: { epoch: 'plaintext', to: ['WAIT_SHD_12'] },
    ServerHelloDone: { epoch: 'plaintext', to: ['WAIT_TICKET_12', 'WAIT_CCS_12'], rekeysRead: true },
  },
  WAIT_SHD_12: { ServerHelloDone: { epoch: 'plaintext', to: ['WAIT_TICKET_12', 'WAIT_CCS_12'], rekeysRead: true } },
  WAIT_SHD_RSA_12: {
    CertificateStatus: { epoch: 'plaintext', to: ['WAIT_CR_SHD_RSA_12'] },
    CertificateRequest12: { epoch: 'plaintext', to: ['WAIT_LAST_RSA_12'] },
    ServerHelloDone: { epoch: 'plaintext', to: ['WAIT_TICKET_12', 'WAIT_CCS_12'], rekeysRead: true },
  },
  WAIT_CR_SHD_RSA_12: {
    CertificateRequest12: { epoch: 'plaintext', to: ['WAIT_LAST_RSA_12'] },
    ServerHelloDone: { epoch: 'plaintext', to: ['WAIT_TICKET_12', 'WAIT_CCS_12'], rekeysRead: true },
  },
  WAIT_LAST_RSA_12: {
    ServerHelloDone: { epoch: 'plaintext', to: ['WAIT_TICKET_12', 'WAIT_CCS_12'], rekeysRead: true },
  },
  WAIT_TICKET_12: { NewSessionTicket12: { epoch: 'plaintext', to: ['WAIT_CCS_12'] } },
  WAIT_CCS_12: { ChangeCipherSpec: { epoch: 'plaintext', to: ['WAIT_FINISHED_12'], rekeysRead: true } },
  WAIT_FINISHED_12: { Finished12: { epoch: 'application', to: ['CONNECTED_12'] } },
  WAIT_TICKET_RESUMED_12: { NewSessionTicket12: { epoch: 'plaintext', to: ['WAIT_CCS_RESUMED_12'] } },
  WAIT_CCS_RESUMED_12: { ChangeCipherSpec: { epoch: 'plaintext', to: ['WAIT_FINISHED_RESUMED_12'], rekeysRead: true } },
  WAIT_FINISHED_RESUMED_12: { Finished12: { epoch: 'application', to: ['CONNECTED_12'] } },
  CONNECTED_12: { HelloRequest: { epoch: 'application', to: ['CONNECTED_12'] } },
} as const;

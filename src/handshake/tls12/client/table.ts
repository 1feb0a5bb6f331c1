/**
 * TLS 1.2 as data: RFC 5246 section 7.3, with CertificateStatus (RFC 6066 section 8) and tickets (RFC 5077). In a
 * resumed handshake the server finishes first. A HelloRequest on an open
 * connection is answered with a warning and changes nothing.
 */
export const clientTable12 = {
  WAIT_SH: {
    ServerHello12: { epoch: 'plaintext', to: ['WAIT_CERT_12', 'WAIT_TICKET_RESUMED_12', 'WAIT_CCS_RESUMED_12'] },
  },
  WAIT_CERT_12: { Certificate12: { epoch: 'plaintext', to: ['WAIT_STATUS_12', 'WAIT_SKE_12'] } },
  WAIT_STATUS_12: {
    CertificateStatus: { epoch: 'plaintext', to: ['WAIT_SKE_12'] },
    ServerKeyExchange: { epoch: 'plaintext', to: ['WAIT_CR_SHD_12'] },
  },
  WAIT_SKE_12: { ServerKeyExchange: { epoch: 'plaintext', to: ['WAIT_CR_SHD_12'] } },
  WAIT_CR_SHD_12: {
    CertificateRequest12: { epoch: 'plaintext', to: ['WAIT_SHD_12'] },
    ServerHelloDone: { epoch: 'plaintext', to: ['WAIT_TICKET_12', 'WAIT_CCS_12'], rekeysRead: true },
  },
  // The server waits for us now: nothing that it sends later can be there yet.
  WAIT_SHD_12: {
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

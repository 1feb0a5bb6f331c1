/** TLS 1.2 as data: RFC 5246 section 7.3. In a resumed handshake the server finishes first. */
export const serverTable12 = {
  // Nothing of the client's next flight can be there yet: so nothing that was put in before the server spoke is taken.
  START: {
    ClientHello12: { epoch: 'plaintext', to: ['WAIT_CERT_12', 'WAIT_CKE_12', 'WAIT_CCS_RESUMED_12'], rekeysRead: true },
  },
  WAIT_CERT_12: { Certificate12: { epoch: 'plaintext', to: ['WAIT_CKE_12', 'WAIT_CKE_CV_12'] } },
  WAIT_CKE_12: { ClientKeyExchange: { epoch: 'plaintext', to: ['WAIT_CCS_12'] } },
  WAIT_CKE_CV_12: { ClientKeyExchange: { epoch: 'plaintext', to: ['WAIT_CV_12'] } },
  WAIT_CV_12: { CertificateVerify12: { epoch: 'plaintext', to: ['WAIT_CCS_12'] } },
  WAIT_CCS_12: { ChangeCipherSpec: { epoch: 'plaintext', to: ['WAIT_FINISHED_12'], rekeysRead: true } },
  WAIT_FINISHED_12: { Finished12: { epoch: 'application', to: ['CONNECTED_12'] } },
  WAIT_CCS_RESUMED_12: { ChangeCipherSpec: { epoch: 'plaintext', to: ['WAIT_FINISHED_RESUMED_12'], rekeysRead: true } },
  WAIT_FINISHED_RESUMED_12: { Finished12: { epoch: 'application', to: ['CONNECTED_12'] } },
  CONNECTED_12: {},
} as const;

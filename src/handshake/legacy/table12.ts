import { clientTable12 } from '../client/table12.ts';

/**
 * The client's table with the rows of the classic exchange (RFC 5246 section 7.4.3): the server sends no
 * ServerKeyExchange, so its certificates are judged when its flight is over.
 */
export const legacyClientTable12 = {
  ...clientTable12,
  WAIT_CERT_12: { Certificate12: { epoch: 'plaintext', to: ['WAIT_STATUS_12', 'WAIT_SKE_12', 'WAIT_SHD_RSA_12'] } },
  WAIT_SHD_RSA_12: {
    CertificateStatus: { epoch: 'plaintext', to: ['WAIT_CR_SHD_RSA_12'] },
    CertificateRequest12: { epoch: 'plaintext', to: ['WAIT_LAST_RSA_12'] },
    ServerHelloDone: { epoch: 'plaintext', to: ['WAIT_CCS_12'] },
  },
  WAIT_CR_SHD_RSA_12: {
    CertificateRequest12: { epoch: 'plaintext', to: ['WAIT_LAST_RSA_12'] },
    ServerHelloDone: { epoch: 'plaintext', to: ['WAIT_CCS_12'] },
  },
  WAIT_LAST_RSA_12: { ServerHelloDone: { epoch: 'plaintext', to: ['WAIT_CCS_12'] } },
} as const;

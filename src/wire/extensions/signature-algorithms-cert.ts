import { type Codec, list, u16 } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_SIGNATURE_ALGORITHMS_CERT } from '../ids.ts';

const schemes: Codec<number[]> = /* @__PURE__ */ list(2, u16, 2, 0xfffe);

/** Signature schemes for certificates (RFC 9846 section 4.3.3). */
export const signatureAlgorithmsCert: Extension<{ ClientHello: number[]; CertificateRequest: number[] }> = {
  id: EXTENSION_SIGNATURE_ALGORITHMS_CERT,
  name: 'signature_algorithms_cert',
  rfc: 'RFC 9846 section 4.3.3',
  in: { ClientHello: schemes, CertificateRequest: schemes },
};

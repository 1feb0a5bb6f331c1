import { type Codec, list, u16 } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_COMPRESS_CERTIFICATE } from '../ids.ts';

const algorithms: Codec<number[]> = /* @__PURE__ */ list(1, u16, 2, 254);

/** Ways to compress a Certificate that we can undo (RFC 8879 section 3). */
export const compressCertificate: Extension<{ ClientHello: number[]; CertificateRequest: number[] }> = {
  id: EXTENSION_COMPRESS_CERTIFICATE,
  name: 'compress_certificate',
  rfc: 'RFC 8879 section 3',
  in: { ClientHello: algorithms, CertificateRequest: algorithms },
};

import { contextConstructed, type DerCursor, readDer, TAG_SEQUENCE, TAG_SET } from '../../../bytes/der.ts';
import { derElement, derInteger, derOid, derSequence, derSet } from '../../../bytes/der-writer.ts';
import { berToDer } from './ber.ts';
import { guard, unusable } from './guard.ts';

const OID_DATA = '1.2.840.113549.1.7.1';
const OID_SIGNED_DATA = '1.2.840.113549.1.7.2';

/**
 * The certificates of a PKCS#7 bundle, a `.p7b` or `.p7c` file (RFC 5652 section 5.1, RFC 5751 section 3.9), in the order
 * of the file, in DER. BER is tolerated around them. Signatures over contents are not looked at: they say nothing about
 * the certificates.
 * @throws TlsError ERR_KEY when it cannot be read or holds no certificate.
 *
 * @example
 * ```ts
 * import { readPkcs7, writePkcs7 } from 'warifu/pki/formats';
 * import { createAuthority } from 'warifu/pki/issue';
 * const root = await createAuthority({ subject: 'Example Root' });
 * readPkcs7(writePkcs7([root.der])).length; // 1
 * ```
 */
export function readPkcs7(bytes: Uint8Array): readonly Uint8Array[] {
  const certificates = guard('the PKCS#7 bundle', () => readDer(berToDer(bytes), TAG_SEQUENCE, readContentInfo));
  if (certificates.length === 0) throw unusable('the PKCS#7 bundle holds no certificate');
  return certificates;
}

/**
 * A bundle of certificates alone, in DER. Its PEM label is `PKCS7`.
 *
 * @example
 * ```ts
 * import { writePkcs7 } from 'warifu/pki/formats';
 * import { createAuthority } from 'warifu/pki/issue';
 * const root = await createAuthority({ subject: 'Example Root' });
 * const bundle = writePkcs7([root.der]); // a .p7b file
 * ```
 */
export function writePkcs7(certificates: readonly Uint8Array[]): Uint8Array {
  const signedData = derSequence(
    derInteger(1),
    derSet(),
    derSequence(derOid(OID_DATA)),
    derElement(contextConstructed(0), ...sorted(certificates)),
    derSet(),
  );
  return derSequence(derOid(OID_SIGNED_DATA), derElement(contextConstructed(0), signedData));
}

function readContentInfo(info: DerCursor): readonly Uint8Array[] {
  const type = info.oid();
  if (type !== OID_SIGNED_DATA) throw unusable(`the PKCS#7 file is not signed data but ${type}`);
  const certificates = info.explicit(0, (content) =>
    content.sequence((signed) => {
      signed.small();
      signed.raw(TAG_SET);
      signed.raw(TAG_SEQUENCE);
      const found = signed.optional(contextConstructed(0), (cursor) =>
        cursor.constructed(contextConstructed(0), (set) => {
          const list: Uint8Array[] = [];
          while (!set.done) {
            const isCertificate = set.peek() === TAG_SEQUENCE;
            const { start, end } = set.element();
            // Attribute certificates and the like have tags of their own.
            if (isCertificate) list.push(set.bytes.subarray(start, end));
          }
          return list;
        }),
      );
      while (!signed.done) signed.element();
      return found;
    }),
  );
  return certificates ?? [];
}

/** A SET OF with another tag is sorted all the same. */
function sorted(certificates: readonly Uint8Array[]): readonly Uint8Array[] {
  return [...certificates].sort((a, b) => {
    for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
    return a.length - b.length;
  });
}

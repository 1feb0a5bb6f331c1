import { readPem } from '../x509/pem.ts';

/** What a file of keys and certificates can be. */
export type FileKind = 'certificate' | 'private-key' | 'encrypted-key' | 'pkcs7' | 'pkcs12';

/** One thing out of a file. */
export interface FilePart {
  readonly kind: FileKind;
  readonly der: Uint8Array;
  /** The PEM label, where it came in PEM. */
  readonly label: string | undefined;
  /** Header lines of old PEM blocks. */
  readonly headers: readonly string[];
}

const LABELS: { readonly [label: string]: FileKind } = {
  CERTIFICATE: 'certificate',
  'X509 CERTIFICATE': 'certificate',
  'PRIVATE KEY': 'private-key',
  'EC PRIVATE KEY': 'private-key',
  'RSA PRIVATE KEY': 'private-key',
  'ENCRYPTED PRIVATE KEY': 'encrypted-key',
  PKCS7: 'pkcs7',
  'PKCS #7 SIGNED DATA': 'pkcs7',
  CMS: 'pkcs7',
  PKCS12: 'pkcs12',
};

/**
 * The parts of a file: PEM as text or as bytes, or DER of one kind. PEM blocks of other kinds (parameters, CRLs, public
 * keys) are passed over.
 * @throws TlsError ERR_KEY when PEM is broken.
 */
export function partsOf(file: string | Uint8Array): readonly FilePart[] {
  if (typeof file !== 'string' && file[0] === 0x30)
    return [{ kind: kindOf(file), der: file, label: undefined, headers: [] }];
  const text = typeof file === 'string' ? file : latin1(file);
  return readPem(text).flatMap(({ label, der, headers }) => {
    const kind = LABELS[label];
    return kind === undefined ? [] : [{ kind, der, label, headers }];
  });
}

/** What DER or BER seems to be, by the first elements: who reads it will see whether it is. */
function kindOf(bytes: Uint8Array): FileKind {
  const first = contentOf(bytes, 0);
  switch (bytes[first]) {
    case 0x06:
      return 'pkcs7';
    case 0x02:
      return bytes[first + 1] === 1 && bytes[first + 2] === 3 ? 'pkcs12' : 'private-key';
    default:
      // AlgorithmIdentifier begins with an OID, TBSCertificate with [0] or an INTEGER.
      return bytes[contentOf(bytes, first)] === 0x06 ? 'encrypted-key' : 'certificate';
  }
}

function contentOf(bytes: Uint8Array, at: number): number {
  const length = bytes[at + 1] ?? 0;
  return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

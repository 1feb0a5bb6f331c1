import { DerCursor, DerError, readDer, TAG_SEQUENCE, TAG_SET } from '../../bytes/der.ts';
import { decodeSignatureAlgorithm, decodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import type { PublicKey, SignatureVerifier } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import { type CertificateExtension, OID_SUBJECT_ALT_NAME, readExtension } from '../x509/certificate.ts';
import { readParts } from '../x509/file-parts.ts';
import { type GeneralName, readGeneralNames, readName } from '../x509/general-name.ts';
import type { NameSource } from './names.ts';
import { wrongOption } from './options.ts';

/** OID of the attribute that holds the extensions which are asked for. */
export const OID_EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** A request that was read. What it asks for is a wish, and nothing that was checked. */
export interface CertificateRequest {
  readonly der: Uint8Array;
  /** DER Name. */
  readonly subject: Uint8Array;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Undefined: of a kind that is not known here. */
  readonly publicKey: PublicKey | undefined;
  /** Of its subjectAltName. */
  readonly names: readonly GeneralName[];
  /** By OID: what it asks for. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
  /** Does it prove that its sender has the key (RFC 2986 section 3)? */
  isSignedBy(verifier: SignatureVerifier): Promise<boolean>;
}

/** Bytes; requests are not much larger than certificates. */
const MOST_BYTES = 131_072;

/**
 * Reads a PKCS#10 request, PEM or DER.
 * @throws TlsError ERR_KEY when it is not one.
 *
 * @example
 * ```ts
 * import { createRequest, readRequest } from 'warifu/pki/issue';
 * import { autoProvider } from 'warifu/crypto/auto';
 * const request = readRequest((await createRequest({ names: 'www.example.com' })).der);
 * await request.isSignedBy(autoProvider().verifier); // true
 * ```
 */
export function readRequest(source: string | Uint8Array): CertificateRequest {
  const der = derOf(source);
  try {
    if (der.length > MOST_BYTES) throw new DerError(`a request of ${der.length} bytes`, 0);
    return readDer(der, TAG_SEQUENCE, (outer) => {
      const start = outer.offset;
      const { subject, spki, extensions } = outer.sequence(readInfo);
      const tbs = der.subarray(start, outer.offset);
      const algorithm = decodeSignatureAlgorithm(outer.raw(TAG_SEQUENCE));
      const signature = outer.bitStringBytes();
      const publicKey = decodeSubjectPublicKeyInfo(spki);
      return {
        der,
        subject,
        spki,
        publicKey,
        names: readNames(extensions),
        extensions,
        isSignedBy: async (verifier) =>
          algorithm !== undefined &&
          publicKey !== undefined &&
          (await verifier.verify(algorithm, publicKey, tbs, signature)) === true,
      };
    });
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new TlsError('ERR_KEY', { detail: `the request cannot be read: ${error.message}`, cause: error });
  }
}

function derOf(source: string | Uint8Array): Uint8Array {
  const [part, ...more] = readParts(source, { what: 'request', kinds: ['request'] });
  if (part === undefined || more.length > 0)
    throw new TlsError('ERR_KEY', { detail: `request: one is wanted, and ${more.length + 1} are there` });
  return part.der;
}

interface Info {
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
}

/** CertificationRequestInfo (RFC 2986 section 4.1). Attributes that are not extensions are not looked at. */
function readInfo(info: DerCursor): Info {
  const start = info.offset;
  if (info.small() !== 0) throw new DerError('a version that cannot be', start);
  const subject = readName(info);
  const spki = info.raw(TAG_SEQUENCE);
  const extensions = new Map<string, CertificateExtension>();
  // Old tools leave the attributes out altogether.
  info.optional(0xa0, (cursor) =>
    cursor.constructed(0xa0, (attributes) => {
      while (!attributes.done) attributes.sequence((attribute) => readAttribute(attribute, extensions));
    }),
  );
  return { subject, spki, extensions };
}

function readAttribute(attribute: DerCursor, extensions: Map<string, CertificateExtension>): void {
  const oid = attribute.oid();
  attribute.constructed(TAG_SET, (values) => {
    const at = values.offset;
    if (oid === OID_EXTENSION_REQUEST && extensions.size > 0) throw new DerError('two requests for extensions', at);
    while (!values.done) {
      if (oid !== OID_EXTENSION_REQUEST) values.element();
      else
        for (const extension of values.sequenceOf(readExtension)) {
          if (extensions.has(extension.oid)) throw new DerError(`extension ${extension.oid} twice`, at);
          extensions.set(extension.oid, extension);
        }
    }
  });
}

function readNames(extensions: ReadonlyMap<string, CertificateExtension>): readonly GeneralName[] {
  const extension = extensions.get(OID_SUBJECT_ALT_NAME);
  if (extension === undefined) return [];
  const cursor = new DerCursor(extension.value);
  const names = readGeneralNames(cursor, TAG_SEQUENCE);
  cursor.finish();
  return names;
}

/** A name that was read, to be written again. @throws TlsError ERR_OPTION for one of a form that is not known here. */
export function nameSourceOf(name: GeneralName): NameSource {
  switch (name.kind) {
    case 'dns':
      return { dns: name.text };
    case 'email':
      return { email: name.text };
    case 'uri':
      return { uri: name.text };
    case 'ip':
      return { ip: name.bytes };
    case 'directory':
      return { directory: name.name };
    case 'registered-id':
      return { registeredId: name.oid };
    default:
      throw wrongOption('namesFromRequest', 'the request asks for a name of a form that is not known here: give names');
  }
}

import { Attribute, CertificationRequest as Structure } from 'pkijs';
import { DerCursor, DerError, readDer, TAG_SEQUENCE, TAG_SET } from '../../bytes/der.ts';
import { derOctetString, derOid, derSequence, derSet } from '../../bytes/der-writer.ts';
import { autoProvider } from '../../crypto/auto.ts';
import { decodeSignatureAlgorithm, decodeSubjectPublicKeyInfo, encodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import type { CryptoProvider, PublicKey, SignatureVerifier } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import { type CertificateExtension, OID_SUBJECT_ALT_NAME, readExtension } from '../x509/certificate.ts';
import { type GeneralName, readGeneralNames, readName } from '../x509/general-name.ts';
import { readParts } from '../x509/file-parts.ts';
import { writePem } from '../x509/pem.ts';
import { algorithmOf, assemble, nameOf, parsed, toBeSigned } from './asn1.ts';
import type { ExtensionValue } from './extension-value.ts';
import { encodeNames, withExtra } from './extensions.ts';
import { type KeyAlgorithm, type KeyPair, type KeySource, makeOrLoadKey } from './keys.ts';
import { encodeSubject, type NameSource, type SubjectSource } from './names.ts';
import { checkOptions, listOf, wrongOption } from './options.ts';
import { chooseSignature, signWith } from './signing.ts';

const OID_EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** What to ask an authority for. */
export interface RequestOptions {
  /** What the certificate is to be for: DNS names, addresses, mail addresses, URIs. */
  readonly names?: NameSource | readonly NameSource[];
  /** Default: none; what counts is `names`. */
  readonly subject?: SubjectSource;
  /** The key to be certified. Default: a new one on P-256. */
  readonly key?: KeyAlgorithm | KeySource;
  /** Of `key`, when it is encrypted. */
  readonly password?: string;
  /** The signature, by its name in TLS. Default: the first that the key makes. */
  readonly signature?: string;
  /** Further extensions to ask for. */
  readonly extensions?: readonly ExtensionValue[];
  /** Default: the best that the runtime has. */
  readonly crypto?: CryptoProvider;
}

/** A request that was made. */
export interface CreatedRequest {
  readonly der: Uint8Array;
  readonly pem: string;
  /** The key, where it was made or read here. */
  readonly keyPair: KeyPair | undefined;
}

/**
 * Makes a PKCS#10 request (RFC 2986): the names to be certified, signed with the key that is to have them.
 * @throws TlsError ERR_OPTION for a name that is none, ERR_KEY and ERR_PASSWORD for a key that cannot be read,
 * ERR_SIGNER_FAILED when it does not sign.
 *
 * @example
 * ```ts
 * import { createRequest, readRequest } from 'warifu/pki/issue';
 * const { pem } = await createRequest({ names: ['www.example.com', '192.0.2.1'] });
 * readRequest(pem).names.length; // 2
 * ```
 */
export async function createRequest(options: RequestOptions): Promise<CreatedRequest> {
  checkOptions('createRequest', options, ['names', 'subject', 'key', 'password', 'signature', 'extensions', 'crypto']);
  const crypto = options.crypto ?? autoProvider();
  const names = encodeNames('names', listOf<NameSource>(options.names));
  if (names === undefined && options.subject === undefined) throw wrongOption('names', 'a name or a subject is wanted');
  const { signer, keyPair } = await makeOrLoadKey('key', options.key, crypto, options.password);
  const subject = options.subject === undefined ? derSequence() : encodeSubject('subject', options.subject);
  const made: ExtensionValue[] =
    names === undefined ? [] : [{ oid: OID_SUBJECT_ALT_NAME, critical: subject.length === 2, value: names }];
  const extensions = withExtra('extensions', made, options.extensions);
  const signature = chooseSignature(signer, options.signature);
  const structure = new Structure({
    version: 0,
    subject: nameOf(subject),
    signatureAlgorithm: algorithmOf(signature.identifier),
    attributes: extensions.length === 0 ? [] : [new Attribute({ schema: parsed(extensionRequest(extensions)) })],
  });
  structure.subjectPublicKeyInfo.fromSchema(parsed(encodeSubjectPublicKeyInfo(signer.publicKey)));
  const tbs = toBeSigned(structure);
  const der = assemble(tbs, signature.identifier, await signWith(signer, signature, tbs, crypto));
  return { der, pem: writePem('CERTIFICATE REQUEST', der), keyPair };
}

function extensionRequest(extensions: readonly ExtensionValue[]): Uint8Array {
  const list = extensions.map(({ oid, critical, value }) =>
    derSequence(derOid(oid), ...(critical ? [Uint8Array.of(1, 1, 255)] : []), derOctetString(value)),
  );
  return derSequence(derOid(OID_EXTENSION_REQUEST), derSet(derSequence(...list)));
}

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
          (await verifier.verify(algorithm, publicKey, tbs, signature)),
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

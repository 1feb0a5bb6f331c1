import { ownOf } from '../../bytes/shape.ts';
import { Attribute, CertificationRequest as Structure } from 'pkijs';

import { derOctetString, derOid, derSequence, derSequenceOf, derSet } from '../../bytes/der-writer.ts';
import { autoProvider } from '../../crypto/auto.ts';
import { encodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import type { CryptoProvider } from '../../crypto/types.ts';
import { OID_SUBJECT_ALT_NAME } from '../x509/certificate.ts';
import { writePem } from '../x509/pem.ts';
import { algorithmOf, assemble, nameOf, parsed, toBeSigned } from './asn1.ts';
import type { ExtensionValue } from './extension-value.ts';
import { OID_EXTENSION_REQUEST } from './read-request.ts';
import { encodeNames, withExtra } from './extensions.ts';
import { type KeyAlgorithm, type KeyPair, type KeySource, makeOrLoadKey } from './keys.ts';
import { encodeSubject, type NameSource, type SubjectSource } from './names.ts';
import { checkOptions, listOf, wrongOption } from './options.ts';
import { chooseSignature, signWith } from './signing.ts';

/** What to ask an authority for. */
export interface RequestOptions {
  /** What the certificate is to be for: DNS names, addresses, mail addresses, URIs. */
  readonly names?: NameSource | readonly NameSource[] | undefined;
  /** Default: none; what counts is `names`. */
  readonly subject?: SubjectSource | undefined;
  /** The key to be certified. Default: a new one on P-256. */
  readonly key?: KeyAlgorithm | KeySource | undefined;
  /** Of `key`, when it is encrypted. */
  readonly password?: string | undefined;
  /** The signature, by its name in TLS. Default: the first that the key makes. */
  readonly signature?: string | undefined;
  /** Further extensions to ask for. */
  readonly extensions?: readonly ExtensionValue[] | undefined;
  /** Default: the best that the runtime has. */
  readonly crypto?: CryptoProvider | undefined;
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
  options = ownOf(options);
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
  return derSequence(derOid(OID_EXTENSION_REQUEST), derSet(derSequenceOf(list)));
}

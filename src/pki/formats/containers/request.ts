import type { AlgorithmIdentifier, CertificationRequest } from 'pkijs';
import { DerError } from '../../../bytes/der.ts';
import { derElement, derOctetString, derOid, derSequence, derSet } from '../../../bytes/der-writer.ts';
import { fromAscii } from '../../../bytes/bytes.ts';
import { schemeById } from '../../../crypto/schemes.ts';
import { encodeSubjectPublicKeyInfo } from '../../../crypto/spki.ts';
import type { SignatureAlgorithm, Signer } from '../../../crypto/types.ts';
import { TlsError } from '../../../errors.ts';
import { parseIp, parseReference } from '../../x509/names.ts';
import { asTlsError, unusable } from './guard.ts';

/** What to ask an authority for. */
export interface RequestSource {
  /** Common name. Default: none; what counts is `names`. */
  readonly commonName?: string;
  readonly organization?: string;
  /** DNS names, IP addresses, e-mail addresses and URIs, told apart by how they look. At least one. */
  readonly names: readonly string[];
  /** Has the key that is to be certified, and signs the request with it. */
  readonly signer: Signer;
}

/**
 * A PKCS#10 request (RFC 2986) with the names in subjectAltName, in DER. Its PEM label is `CERTIFICATE REQUEST`.
 * @throws TlsError ERR_OPTION for a name that is none, ERR_SIGNER_FAILED when the key does not sign.
 */
export async function createCertificateRequest(source: RequestSource): Promise<Uint8Array> {
  const names = source.names.map(generalName);
  if (names.length === 0) throw new TlsError('ERR_OPTION', { detail: 'names: there has to be one' });
  const [asn1js, pkijs] = await Promise.all([import('asn1js'), import('pkijs')]);
  try {
    const parse = (der: Uint8Array): unknown => asn1js.fromBER(der as Uint8Array<ArrayBuffer>).result;
    const request = new pkijs.CertificationRequest({ version: 0 });
    // From bytes, so that each attribute is a set of its own.
    request.subject.fromSchema(parse(subject(source)) as never);
    request.subjectPublicKeyInfo.fromSchema(parse(encodeSubjectPublicKeyInfo(source.signer.publicKey)) as never);
    const extensions = derSequence(derSequence(derOid('2.5.29.17'), derOctetString(derSequence(...names))));
    const asked = derSequence(derOid('1.2.840.113549.1.9.14'), derSet(extensions));
    request.attributes = [new pkijs.Attribute({ schema: parse(asked) })];
    const { scheme, identifier } = chooseAlgorithm(source.signer);
    // What is signed names no algorithm: only the outer part of a request does.
    const algorithm = new pkijs.AlgorithmIdentifier({ schema: parse(identifier) });
    const tbs = new Uint8Array((request as unknown as Encodes).encodeTBS().toBER());
    const signature = await source.signer.sign(scheme, tbs);
    return assemble(request, algorithm, signature, asn1js, tbs);
  } catch (error) {
    throw asTlsError('the request', error);
  }
}

function subject({ organization, commonName }: RequestSource): Uint8Array {
  const rdn = (type: string, value: string | undefined): readonly Uint8Array[] =>
    value === undefined ? [] : [derSet(derSequence(derOid(type), derElement(0x0c, new TextEncoder().encode(value))))];
  return derSequence(...rdn('2.5.4.10', organization), ...rdn('2.5.4.3', commonName));
}

/** The part of a CertificationRequest that its types do not show. */
interface Encodes {
  encodeTBS(): { toBER(): ArrayBuffer };
}

function assemble(
  request: CertificationRequest,
  algorithm: AlgorithmIdentifier,
  signature: Uint8Array,
  asn1js: typeof import('asn1js'),
  tbs: Uint8Array,
): Uint8Array {
  request.tbsView = tbs as Uint8Array<ArrayBuffer>;
  request.signatureAlgorithm = algorithm;
  request.signatureValue = new asn1js.BitString({ valueHex: signature.slice().buffer });
  return new Uint8Array(request.toSchema(true).toBER());
}

const HASH_ARCS = { sha1: 0, sha256: 2, sha384: 3, sha512: 4 } as const;

/** PKCS#1 before PSS for common RSA keys: every authority takes it in a request. */
function chooseAlgorithm(signer: Signer): { readonly scheme: number; readonly identifier: Uint8Array } {
  const order = [...signer.schemes].sort((a, b) => Number(isPkcs1(b)) - Number(isPkcs1(a)));
  for (const scheme of order) {
    const algorithm = schemeById(scheme)?.algorithm;
    if (algorithm !== undefined) return { scheme, identifier: identifierOf(algorithm) };
  }
  throw unusable('the signer has no signature scheme that is known here');
}

function isPkcs1(scheme: number): boolean {
  return schemeById(scheme)?.algorithm.kind === 'rsa-pkcs1';
}

function identifierOf(algorithm: SignatureAlgorithm): Uint8Array {
  const nothing = Uint8Array.of(0x05, 0x00);
  switch (algorithm.kind) {
    case 'ecdsa':
      return derSequence(derOid(`1.2.840.10045.4.3.${HASH_ARCS[algorithm.hash]}`));
    case 'rsa-pkcs1':
      return derSequence(derOid(`1.2.840.113549.1.1.${HASH_ARCS[algorithm.hash] + 9}`), nothing);
    case 'rsa-pss': {
      const hash = derSequence(derOid(`2.16.840.1.101.3.4.2.${HASH_ARCS[algorithm.hash] - 1}`), nothing);
      const mgf = derSequence(derOid('1.2.840.113549.1.1.8'), hash);
      const salt = Uint8Array.of(0x02, 0x01, algorithm.saltLength);
      return derSequence(
        derOid('1.2.840.113549.1.1.10'),
        derSequence(derElement(0xa0, hash), derElement(0xa1, mgf), derElement(0xa2, salt)),
      );
    }
    case 'ed25519':
      return derSequence(derOid('1.3.101.112'));
    case 'ed448':
      return derSequence(derOid('1.3.101.113'));
    default:
      throw new DerError(`${algorithm.kind} in a request`, 0);
  }
}

function generalName(name: string): Uint8Array {
  const bytes = parseIp(name);
  if (bytes !== undefined) return derElement(0x87, bytes);
  if (/^[a-z][a-z0-9+.-]*:\/\/[\x21-\x7e]+$/i.test(name)) return derElement(0x86, fromAscii(name));
  if (/^[\x21-\x3f\x41-\x7e]+@[a-z0-9.-]+$/i.test(name)) return derElement(0x81, fromAscii(name));
  const wildcard = name.startsWith('*.') ? '*.' : '';
  const reference = parseReference(name.slice(wildcard.length));
  if (reference?.kind !== 'dns')
    throw new TlsError('ERR_OPTION', { detail: `names: "${name}" is no DNS name, address, e-mail address or URI` });
  return derElement(0x82, fromAscii(wildcard + reference.labels.join('.')));
}

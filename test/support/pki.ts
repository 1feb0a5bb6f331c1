import { readFileSync } from 'node:fs';

/** The test infrastructure of vectors/pki/basic.json: PEM as it stands in the file, and DER where wanted. */

export type KeyKind =
  | 'ecdsa-p256'
  | 'ecdsa-p384'
  | 'ecdsa-p521'
  | 'rsa-2048'
  | 'rsa-3072'
  | 'rsa-pss'
  | 'ed25519'
  | 'ed448';

export const KEY_KINDS: readonly KeyKind[] = [
  'ecdsa-p256',
  'ecdsa-p384',
  'ecdsa-p521',
  'rsa-2048',
  'rsa-3072',
  'rsa-pss',
  'ed25519',
  'ed448',
];

export type AuthorityName =
  | 'ecRoot'
  | 'ecIntermediate'
  | 'rsaRoot'
  | 'rsaIntermediate'
  | 'strangerRoot'
  | 'strangerIntermediate';

export type FaultName =
  | 'expired'
  | 'notYetValid'
  | 'wrongName'
  | 'untrusted'
  | 'wrongPurpose'
  | 'selfSigned'
  | 'missingIntermediate'
  | 'badSignature'
  | 'expiredClient'
  | 'untrustedClient'
  | 'serverAsClient';

export interface Entry {
  /** PEM, leaf first, without the root. */
  readonly chain: readonly string[];
  /** PKCS#8 PEM. */
  readonly key: string;
}

interface Basic {
  readonly ca: { readonly [name in AuthorityName]: { readonly certificate: string; readonly key: string } };
  readonly server: { readonly [kind in KeyKind]: Entry };
  readonly client: { readonly [kind in KeyKind]: Entry };
  readonly faulty: { readonly [name in FaultName]: Entry };
}

let loaded: Basic | undefined;

export function basicPki(): Basic {
  loaded ??= JSON.parse(readFileSync(new URL('../../vectors/pki/basic.json', import.meta.url), 'utf8')) as Basic;
  return loaded;
}

/** For server.example, *.wild.example, localhost, 127.0.0.1 and ::1. RSA leaves chain to rsaRoot, others to ecRoot. */
export function serverEntry(kind: KeyKind = 'ecdsa-p256'): Entry {
  return basicPki().server[kind];
}

/** clientAuth; client@client.example and spiffe://client.example/worker. */
export function clientEntry(kind: KeyKind = 'ecdsa-p256'): Entry {
  return basicPki().client[kind];
}

export function faultyEntry(fault: FaultName): Entry {
  return basicPki().faulty[fault];
}

/** PEM of an authority's certificate. */
export function authorityPem(name: AuthorityName): string {
  return basicPki().ca[name].certificate;
}

/** DER of an authority's certificate. */
export function authority(name: AuthorityName): Uint8Array {
  return pemToDer(authorityPem(name));
}

/** DER of the roots to trust: EC and RSA. */
export function trustedRoots(): Uint8Array[] {
  return [authority('ecRoot'), authority('rsaRoot')];
}

/** PEM of the roots to trust, in one text. */
export function trustedRootsPem(): string {
  return authorityPem('ecRoot') + authorityPem('rsaRoot');
}

/** DER chain, leaf first, without the root. */
export function chainOf(entry: Entry): Uint8Array[] {
  return entry.chain.map(pemToDer);
}

/** DER PKCS#8 of the key. */
export function keyOf(entry: Entry): Uint8Array {
  return pemToDer(entry.key);
}

/** The first block of a PEM text. Not the parser under test. */
export function pemToDer(pem: string): Uint8Array {
  const body = /-----BEGIN [A-Z0-9 ]+-----([^-]+)-----END/.exec(pem)?.[1] ?? '';
  return new Uint8Array(Buffer.from(body, 'base64'));
}

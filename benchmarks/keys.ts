/**
 * In which form a key goes in and out of node:crypto most cheaply, and what the node provider makes of it:
 * `node --import ./benchmarks/load.mjs benchmarks/keys.ts`, in whatever Node. Microseconds.
 */
import * as crypto from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { signatureAnswer } from '../src/crypto/known-answers.ts';
import { nodeProvider } from '../src/crypto/node/index.ts';
import { fromAscii } from '../src/bytes/bytes.ts';
import type { KeyExchange, PublicKey, SignatureAlgorithm } from '../src/crypto/types.ts';
import { orNone, row, time } from './micro.ts';

/** Newer than the types: `raw-public` is in Node 24 and later. */
type Reader = (key: object) => KeyObject;
type Writer = (options: object) => unknown;

console.log(`Node ${process.version}, OpenSSL ${process.versions.openssl}\n`);
row('a public key', 'DER in', 'JWK in', 'raw in', 'DER out', 'JWK out', 'raw out');
for (const [name, key, raw] of [
  ['X25519', crypto.generateKeyPairSync('x25519').publicKey, { asymmetricKeyType: 'x25519' }],
  ['Ed25519', crypto.generateKeyPairSync('ed25519').publicKey, { asymmetricKeyType: 'ed25519' }],
  [
    'P-256',
    crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
    { asymmetricKeyType: 'ec', namedCurve: 'P-256' },
  ],
  ['RSA-2048', crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey, {}],
] as const) {
  const read = crypto.createPublicKey as unknown as Reader;
  const write = key.export.bind(key) as unknown as Writer;
  const der = key.export({ format: 'der', type: 'spki' });
  const jwk = key.export({ format: 'jwk' });
  row(
    name,
    time(() => read({ key: der, format: 'der', type: 'spki' })),
    time(() => read({ key: jwk, format: 'jwk' })),
    orNone(() => {
      const bytes = write({ format: 'raw-public' });
      return time(() => read({ key: bytes, format: 'raw-public', ...raw }));
    }),
    time(() => write({ format: 'der', type: 'spki' })),
    time(() => write({ format: 'jwk' })),
    orNone(() => time(() => write({ format: 'raw-public' }))),
  );
}

const { verifier, groups, random } = nodeProvider();
const text = fromAscii('warifu');
console.log(
  '\nA signature is checked: by the provider with a key it has not seen, with one it has, and by node:crypto alone.',
);
row('', 'new key', 'known key', 'alone');
for (const [name, algorithm, like] of [
  ['ECDSA P-256', { kind: 'ecdsa', hash: 'sha256' }, { kind: 'ec', curve: 'P-256', point: new Uint8Array(0) }],
  ['RSA-PSS 2048', { kind: 'rsa-pss', hash: 'sha256', saltLength: 32 }, rsaLike()],
  ['RSA PKCS#1 2048', { kind: 'rsa-pkcs1', hash: 'sha256' }, rsaLike()],
  ['Ed25519', { kind: 'ed25519' }, { kind: 'ed25519', key: new Uint8Array(0) }],
] as const) {
  const { key, signature } = signatureAnswer(algorithm, like)!;
  row(
    name,
    time(() => nodeProvider().verifier.verify(algorithm, key, text, signature)) - time(() => nodeProvider()),
    time(() => verifier.verify(algorithm, key, text, signature)),
    alone(algorithm, key, signature),
  );
}

console.log('\nA key exchange: one side offers, the other accepts, the first agrees.');
row('', 'offer', 'accept', 'agree');
for (const group of groups.slice(0, 3)) {
  const [offer, accepted] = exchange(group);
  row(
    group.name,
    time(() => group.offer(random)),
    time(() => group.accept(offer.share, random)),
    time(() => offer.agree(accepted.share)),
  );
}

function exchange(group: KeyExchange): readonly [Now<KeyExchange['offer']>, Now<KeyExchange['accept']>] {
  const offer = now(group.offer(random));
  return [offer, now(group.accept(offer.share, random))];
}

type Now<F extends (...given: never[]) => unknown> = Exclude<ReturnType<F>, Promise<unknown>>;

function now<T>(value: T | Promise<T>): T {
  if (value instanceof Promise) throw new Error('the node provider answers at once');
  return value;
}

function alone(algorithm: SignatureAlgorithm, key: PublicKey, signature: Uint8Array): number {
  const object = crypto.createPublicKey({ key: jwkOf(key), format: 'jwk' });
  const hash = 'hash' in algorithm ? algorithm.hash : null;
  const padding =
    algorithm.kind === 'rsa-pss'
      ? { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltLength }
      : {};
  return time(() => crypto.verify(hash, text, { key: object, ...padding }, signature));
}

function jwkOf(key: PublicKey): crypto.JsonWebKey {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  if (key.kind === 'rsa') return { kty: 'RSA', n: text(key.modulus), e: text(key.exponent) };
  if (key.kind === 'ec')
    return { kty: 'EC', crv: key.curve, x: text(key.point.subarray(1, 33)), y: text(key.point.subarray(33)) };
  return { kty: 'OKP', crv: 'Ed25519', x: text(key.key) };
}

function rsaLike(): PublicKey {
  return { kind: 'rsa', modulus: new Uint8Array(0), exponent: new Uint8Array(0) };
}

import { concat, fromAscii } from '../../bytes/bytes.ts';
import { derInteger, derSequence } from '../../bytes/der-writer.ts';
import { readEcdsaSignature } from '../ecdsa-signature.ts';
import { MESSAGE, type SignatureAnswer, signatureAnswer } from '../known-answers.ts';
import { copyKey, wipeKey } from '../private-key.ts';
import { schemeById, schemesOf } from '../schemes.ts';
import { FIELD_SIZE } from '../spki.ts';
import type { CryptoProvider, PublicKey, SignatureAlgorithm } from '../types.ts';
import { type Checks, first, is, refuses } from './checks.ts';
import { conformanceKeys } from './keys.ts';

const TEXT = MESSAGE;

/** Verifying: good is true, all else is false, and nothing that a peer could send makes it throw. */
export async function checkVerifier({ verifier, signatures }: CryptoProvider, checks: Checks): Promise<void> {
  await checks.check('signatures: there is one, and none twice', () =>
    first(is(signatures.length > 0, true), is(new Set(signatures.map(({ id }) => id)).size, signatures.length)),
  );
  const says = async (
    right: boolean,
    { algorithm, key, signature }: SignatureAnswer,
    text: string = TEXT,
  ): Promise<string | undefined> => is(await verifier.verify(algorithm, key, fromAscii(text), signature), right);
  for (const [name, known] of answers()) {
    await checks.check(`${name}: a known signature is good`, () => says(true, known));
    await checks.check(`${name}: and again, with the key in another object`, () =>
      says(true, { ...known, key: copyOf(known.key) }),
    );
    await checks.check(`${name}: and not for another text`, () => says(false, known, `${TEXT}.`));
    await checks.check(`${name}: nor with a bit changed, wherever it is`, async () => {
      for (let at = 0; at < known.signature.length; at += 11) {
        const wrong = await says(false, { ...known, signature: flipped(known.signature, at) });
        if (wrong !== undefined) return `byte ${at}: ${wrong}`;
      }
      return undefined;
    });
    for (const [what, signature] of malformed(known))
      await checks.check(`${name}: ${what} is not good`, () => says(false, { ...known, signature }));
    for (const [what, key] of badKeys(known.key))
      await checks.check(`${name}: with ${what} nothing is good`, () => says(false, { ...known, key }));
    await checks.check(`${name}: nor with the algorithm of another key`, async () => {
      for (const [, other] of answers()) {
        if (other.algorithm.kind === known.algorithm.kind || fitsBoth(other.algorithm, known.algorithm)) continue;
        const wrong = await says(false, { ...known, algorithm: other.algorithm });
        if (wrong !== undefined) return `${other.algorithm.kind}: ${wrong}`;
      }
      return undefined;
    });
    const other = withOtherHash(known.algorithm);
    if (other !== undefined)
      await checks.check(`${name}: nor with another hash`, () => says(false, { ...known, algorithm: other }));
  }
  await checkPss(verifier.verify.bind(verifier), checks);
  for (const kind of ['ed25519', 'ed448'] as const)
    await checks.check(`${kind}: with a key of small order nothing is good, not even S = 0`, async () => {
      for (const key of smallOrder(kind)) {
        for (const r of smallOrder(kind)) {
          const signature = concat(r, new Uint8Array(r.length));
          const answer = await verifier.verify({ kind }, { kind, key }, fromAscii(TEXT), signature);
          if (answer !== false) return `gave ${String(answer)} for the key ${key.join()}`;
        }
      }
      return undefined;
    });
}

/** RFC 8017 section 9.1.2, RFC 4055 section 3.3. */
async function checkPss(verify: CryptoProvider['verifier']['verify'], checks: Checks): Promise<void> {
  const known = signatureAnswer({ kind: 'rsa-pss', hash: 'sha256', saltLength: 32 }, RSA_LIKE);
  if (known?.key.kind !== 'rsa') return;
  const { key, signature } = known;
  const says = async (
    right: boolean,
    saltLength: number,
    pss?: { parameters?: { hash: 'sha256' | 'sha384'; saltLength: number } },
  ) =>
    is(
      await verify(
        { kind: 'rsa-pss', hash: 'sha256', saltLength },
        pss === undefined ? key : { ...key, pss },
        fromAscii(TEXT),
        signature,
      ),
      right,
    );
  await checks.check('RSA-PSS: the salt has to be as long as was said', async () =>
    first(await says(false, 20), await says(false, 0), await says(false, 31), await says(false, 33)),
  );
  await checks.check('RSA-PSS: a salt that has no room', () => says(false, 300));
  await checks.check('RSA-PSS: a key for it alone', () => says(true, 32, {}));
  await checks.check('RSA-PSS: what the key allows', async () =>
    first(
      await says(true, 32, { parameters: { hash: 'sha256', saltLength: 32 } }),
      await says(true, 32, { parameters: { hash: 'sha256', saltLength: 20 } }),
      await says(false, 32, { parameters: { hash: 'sha256', saltLength: 33 } }),
      await says(false, 32, { parameters: { hash: 'sha384', saltLength: 32 } }),
    ),
  );
  await checks.check('RSA PKCS#1: not with a key for PSS', async () => {
    const pkcs1 = signatureAnswer({ kind: 'rsa-pkcs1', hash: 'sha256' }, RSA_LIKE)!;
    return is(await verify(pkcs1.algorithm, { ...key, pss: {} }, fromAscii(TEXT), pkcs1.signature), false);
  });
}

/** Signing: what is signed is good, whatever scheme is promised can be made, and a broken key is said to be one. */
export async function checkSigners({ signer, verifier }: CryptoProvider, checks: Checks): Promise<void> {
  for (const [name, key] of conformanceKeys()) {
    await checks.check(`${name} signs: every scheme it promises`, async () => {
      const own = await signer(copyKey(key));
      const expected = schemesOf(own.publicKey);
      const wrong = first(
        is(own.schemes.join(), expected.join()),
        is(own.schemes.length > 0, true),
        is(own.publicKey.kind, key.kind),
      );
      if (wrong !== undefined) return wrong;
      for (const id of own.schemes) {
        const { algorithm, name: scheme } = schemeById(id)!;
        const signature = await own.sign(id, fromAscii(TEXT));
        if ((await verifier.verify(algorithm, own.publicKey, fromAscii(TEXT), signature)) !== true)
          return `${scheme} is not good`;
        if ((await verifier.verify(algorithm, own.publicKey, fromAscii(`${TEXT}.`), signature)) !== false)
          return `${scheme} is good for another text`;
      }
      own.dispose?.();
      return undefined;
    });
    await checks.check(`${name} signs: the key is copied`, async () => {
      const given = copyKey(key);
      const own = await signer(given);
      wipeKey(given);
      const id = schemesOf(own.publicKey).at(-1) ?? own.schemes[0]!;
      const { algorithm } = schemeById(id)!;
      const publicKey = (await signer(copyKey(key))).publicKey;
      return is(
        await verifier.verify(algorithm, publicKey, fromAscii(TEXT), await own.sign(id, fromAscii(TEXT))),
        true,
      );
    });
    await checks.check(`${name} signs: no scheme that does not go with it`, async () => {
      const own = await signer(copyKey(key));
      const other = key.kind === 'rsa' ? 0x0403 : 0x0804;
      return first(
        await refuses('ERR_SIGNER_FAILED', () => own.sign(other, fromAscii(TEXT))),
        await refuses('ERR_SIGNER_FAILED', () => own.sign(0x0101, fromAscii(TEXT))),
      );
    });
  }
  await checks.check('a private key of zeros is no key', () =>
    refuses('ERR_KEY', () => signer({ kind: 'ec', curve: 'P-256', scalar: new Uint8Array(32) })),
  );
  await checks.check('a private key above the order of the group is no key', () =>
    refuses('ERR_KEY', () => signer({ kind: 'ec', curve: 'P-256', scalar: new Uint8Array(32).fill(255) })),
  );
}

const RSA_LIKE: PublicKey = { kind: 'rsa', modulus: new Uint8Array(0), exponent: new Uint8Array(0) };

function answers(): readonly (readonly [string, SignatureAnswer])[] {
  const of = (name: string, algorithm: SignatureAlgorithm, key: PublicKey): readonly [string, SignatureAnswer] => [
    name,
    signatureAnswer(algorithm, key)!,
  ];
  const empty = new Uint8Array(0);
  return [
    ...(['P-256', 'P-384', 'P-521'] as const).map((curve) =>
      of(`ECDSA ${curve}`, { kind: 'ecdsa', hash: 'sha256' }, { kind: 'ec', curve, point: empty }),
    ),
    of('RSA PKCS#1', { kind: 'rsa-pkcs1', hash: 'sha256' }, RSA_LIKE),
    of('RSA-PSS', { kind: 'rsa-pss', hash: 'sha256', saltLength: 32 }, RSA_LIKE),
    of('Ed25519', { kind: 'ed25519' }, { kind: 'ed25519', key: empty }),
    of('Ed448', { kind: 'ed448' }, { kind: 'ed448', key: empty }),
  ];
}

function withOtherHash(algorithm: SignatureAlgorithm): SignatureAlgorithm | undefined {
  if (algorithm.kind === 'rsa-pss') return { ...algorithm, hash: 'sha384' };
  if (algorithm.kind !== 'ecdsa' && algorithm.kind !== 'rsa-pkcs1') return undefined;
  return { ...algorithm, hash: algorithm.hash === 'sha384' ? 'sha256' : 'sha384' };
}

/** Both are RSA, or both are ECDSA: a wrong signature then, but not an algorithm of another key. */
function fitsBoth(a: SignatureAlgorithm, b: SignatureAlgorithm): boolean {
  return a.kind === 'ecdsa' && b.kind === 'ecdsa';
}

/** Signatures that are wrong in form. */
function malformed({ key, signature }: SignatureAnswer): readonly (readonly [string, Uint8Array])[] {
  const zeros = new Uint8Array(signature.length);
  const bad: (readonly [string, Uint8Array])[] = [
    ['nothing', new Uint8Array(0)],
    ['zeros', zeros],
    ['ones', zeros.slice().fill(255)],
    ['a signature without its last byte', signature.slice(0, -1)],
    ['a signature with a byte behind it', concat(signature, new Uint8Array(1))],
    ['a signature with a byte before it', concat(new Uint8Array(1), signature)],
  ];
  if (key.kind === 'rsa') bad.push(['the modulus', key.modulus.slice()]);
  if (key.kind === 'ec') bad.push(...badEcdsa(FIELD_SIZE[key.curve], signature));
  return bad;
}

function badEcdsa(size: number, signature: Uint8Array): readonly (readonly [string, Uint8Array])[] {
  const halves = readEcdsaSignature(size, signature)!;
  const [r, s] = [halves.subarray(0, size), halves.subarray(size)];
  const zero = derInteger(0);
  const one = derInteger(1);
  const integer = (content: Uint8Array): Uint8Array => concat(Uint8Array.of(2, content.length), content);
  return [
    ['r = 0', derSequence(zero, derInteger(s))],
    ['s = 0', derSequence(derInteger(r), zero)],
    ['r = s = 0', derSequence(zero, zero)],
    ['r = s = 1', derSequence(one, one)],
    ['r with a zero too many', derSequence(integer(concat(new Uint8Array(2), r)), derInteger(s))],
    ['a negative r', derSequence(integer(Uint8Array.of(255)), derInteger(s))],
    ['r as long as two', derSequence(integer(concat(Uint8Array.of(1), r, s)), derInteger(s))],
    ['a third number', derSequence(derInteger(r), derInteger(s), one)],
    ['one number', derSequence(derInteger(r))],
    ['r and s side by side', halves],
    ['a length in the long form', longForm(signature)],
  ];
}

/** The same in BER: one byte more for the length than is needed. */
function longForm(der: Uint8Array): Uint8Array {
  return der[1] === 0x81
    ? concat(Uint8Array.of(0x30, 0x82, 0), der.subarray(2))
    : concat(Uint8Array.of(0x30, 0x81), der.subarray(1));
}

function badKeys(key: PublicKey): readonly (readonly [string, PublicKey])[] {
  switch (key.kind) {
    case 'ec':
      return [
        ['a key beside the curve', { ...key, point: flipped(key.point, key.point.length - 1) }],
        [
          'a compressed key',
          { ...key, point: concat(Uint8Array.of(2), key.point.slice(1, (key.point.length + 1) / 2)) },
        ],
        ['the origin as a key', { ...key, point: concat(Uint8Array.of(4), new Uint8Array(key.point.length - 1)) }],
        ['a key of no bytes', { ...key, point: new Uint8Array(0) }],
        ['a key of the wrong curve', { ...key, curve: key.curve === 'P-256' ? 'P-384' : 'P-256' }],
      ];
    case 'rsa':
      return [
        ['an exponent of 1', { ...key, exponent: Uint8Array.of(1) }],
        ['an even exponent', { ...key, exponent: Uint8Array.of(1, 0, 0) }],
        ['an exponent without end', { ...key, exponent: new Uint8Array(256).fill(255) }],
        ['an even modulus', { ...key, modulus: flipped(key.modulus, key.modulus.length - 1) }],
        ['a modulus of 512 bits', { ...key, modulus: key.modulus.slice(0, 64) }],
        ['a modulus of 16,384 bits', { ...key, modulus: new Uint8Array(2048).fill(255) }],
        ['a modulus of no bytes', { ...key, modulus: new Uint8Array(0) }],
      ];
    default:
      return [
        ['a key that is too short', { ...key, key: key.key.slice(1) }],
        ['a key of no bytes', { ...key, key: new Uint8Array(0) }],
        ['another key', { ...key, key: flipped(key.key, 3) }],
      ];
  }
}

/** Keys of small order, in every way they can be written. */
function smallOrder(kind: 'ed25519' | 'ed448'): readonly Uint8Array[] {
  const size = kind === 'ed25519' ? 32 : 57;
  const p = kind === 'ed25519' ? 2n ** 255n - 19n : 2n ** 448n - 2n ** 224n - 1n;
  const eight = 0x5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
  const ys = [0n, 1n, p - 1n, p, p + 1n, ...(kind === 'ed25519' ? [eight, p - eight] : [])];
  return ys.flatMap((y) =>
    [0, 0x80].map((sign) => {
      const key = new Uint8Array(size);
      for (let i = 0, rest = y; i < size; i++, rest >>= 8n) key[i] = Number(rest & 255n);
      key[size - 1]! |= sign;
      return key;
    }),
  );
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const out = bytes.slice();
  out[at]! ^= 1;
  return out;
}

function copyOf(key: PublicKey): PublicKey {
  switch (key.kind) {
    case 'ec':
      return { ...key, point: key.point.slice() };
    case 'rsa':
      return { ...key, modulus: key.modulus.slice(), exponent: key.exponent.slice() };
    default:
      return { ...key, key: key.key.slice() };
  }
}

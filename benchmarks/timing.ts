/**
 * Does the time that something takes depend on what should stay secret? `npm run timing [-- --only WORD] [--quick]`.
 *
 * Two kinds of inputs, mixed at random, and Welch's t-test over the times, as dudect does it (Reparaz, Balasch, Verbauwhede
 * 2017): once over all of them, and over those below several percentiles, because what is slow is mostly something else.
 * Below 4.5 nothing was found with this many samples, which does not say that there is nothing; above it there is a
 * difference, whose size in time is next to it.
 */
import { equalConstantTime, wipe } from '../src/bytes/bytes.ts';
import { aes128Cbc } from '../src/crypto/noble/cbc.ts';
import { sha256 } from '../src/crypto/noble/hash.ts';
import { nobleProvider } from '../src/crypto/noble/index.ts';
import { nodeProvider } from '../src/crypto/node/index.ts';
import { encryptPkcs1 } from '../src/crypto/rsa.ts';
import type { CbcSuite12, CryptoProvider, KeyOffer, Random } from '../src/crypto/types.ts';
import { takeSecret } from '../src/handshake/tls12/key-exchange/rsa.ts';
import { Cbc12 } from '../src/record/cbc12.ts';
import { Protector13 } from '../src/record/protect13.ts';
import { Middle } from '../test/support/middle.ts';
import { drain, makeClient, makeServer, written } from '../test/support/pair.ts';
import { loadCredential } from '../src/pki/credentials/credential.ts';
import { serverEntry } from '../test/support/pki.ts';
import { seededRandom } from '../test/support/toy.ts';

/** One thing to be measured: gives an action for each of the two kinds, fresh each time. */
interface Subject {
  readonly what: string;
  readonly provider: string;
  /** What differs between the two kinds. */
  readonly classes: string;
  readonly samples: number;
  /** How often the action is done in a sample: for what is too quick for the clock. */
  readonly times: number;
  prepare(kind: 0 | 1): () => unknown;
}

const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
const quick = process.argv.includes('--quick');
/** The bound that dudect takes for "there is a difference". */
const FOUND = 4.5;
const random = seededRandom(4711);
const noble = nobleProvider();
const node = nodeProvider();

const cbcSuite = {
  version: 0x0303,
  id: 0xc023,
  name: 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
  hash: sha256,
  exchange: 'ecdhe',
  authentication: 'ecdsa',
  protection: 'cbc',
  cipher: aes128Cbc,
  mac: sha256,
} as const satisfies CbcSuite12;
const cbcKeys = { macKey: bytes(32), key: bytes(16), iv: new Uint8Array(0) };

const rows: string[] = [];
for (const subject of await subjects()) {
  if (only !== undefined && !subject.what.includes(only)) continue;
  const { t, difference, median, samples } = measure(subject);
  const verdict = Math.abs(t) < FOUND ? 'nothing found' : '**differs**';
  const row = `| ${subject.what} | ${subject.provider} | ${subject.classes} | ${samples} | ${Math.abs(t).toFixed(1)} | ${difference.toFixed(0)} ns of ${median < 1000 ? `${median.toFixed(0)} ns` : `${(median / 1000).toFixed(1)} µs`} | ${verdict} |`;
  console.log(row);
  rows.push(row);
}
console.log(
  `\n| operation | provider | classes | samples | \\|t\\| | medians differ by | |\n|---|---|---|--:|--:|--:|---|\n${rows.join('\n')}`,
);

function measure({ samples: wanted, times, prepare }: Subject): {
  readonly t: number;
  readonly difference: number;
  readonly median: number;
  readonly samples: number;
} {
  const samples = quick ? Math.ceil(wanted / 20) : wanted;
  const taken: [number[], number[]] = [[], []];
  const coins = new Uint8Array(samples + 200);
  random.fill(coins);
  for (let sample = 0; sample < samples + 200; sample++) {
    const kind = (coins[sample]! & 1) as 0 | 1;
    const act = prepare(kind);
    const before = process.hrtime.bigint();
    for (let i = 0; i < times; i++) act();
    const time = Number(process.hrtime.bigint() - before) / times;
    // The first ones are not compiled yet.
    if (sample >= 200) taken[kind].push(time);
  }
  const all = [...taken[0], ...taken[1]].sort((a, b) => a - b);
  let t = 0;
  for (const share of [1, 0.99, 0.95, 0.9, 0.75, 0.5]) {
    const bound = all[Math.floor((all.length - 1) * share)]!;
    const one = welch(
      taken[0].filter((time) => time <= bound),
      taken[1].filter((time) => time <= bound),
    );
    if (Math.abs(one) > Math.abs(t)) t = one;
  }
  return { t, difference: Math.abs(middle(taken[0]) - middle(taken[1])), median: middle(all), samples };
}

function welch(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [moments(a), moments(b)];
  const spread = Math.sqrt(x.variance / a.length + y.variance / b.length);
  return spread === 0 || Number.isNaN(spread) ? 0 : (x.mean - y.mean) / spread;
}

function moments(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, variance };
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function subjects(): Promise<Subject[]> {
  const rsa = serverEntry('rsa-2048');
  return [
    comparison(),
    finished(),
    binder(),
    implicitRejection(),
    ...(await Promise.all([noble, node].map((provider) => rsaDecryption(provider, rsa)))),
    ...[noble, node].flatMap((provider) =>
      ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'].map((suite) => tags(provider, suite)),
    ),
    cbcPadding(),
    cbcMac(),
    innerPadding(),
    ...[noble, node].flatMap((provider) => ['X25519', 'secp256r1'].map((name) => keyExchange(provider, name))),
    ...(await Promise.all([noble, node].map(signing))),
    decapsulation(),
  ];
}

function bytes(length: number): Uint8Array {
  const out = new Uint8Array(length);
  random.fill(out);
  return out;
}

function comparison(): Subject {
  return {
    what: 'comparison of tags and Finished',
    provider: 'ours',
    classes: 'first byte differs / last byte differs',
    samples: 100_000,
    times: 50,
    prepare: (kind) => {
      const [a, b] = [bytes(32), new Uint8Array(32)];
      b.set(a);
      b[kind === 0 ? 0 : 31]! ^= 1;
      return () => equalConstantTime(a, b);
    },
  };
}

function finished(): Subject {
  return {
    what: 'Finished that does not fit, at a client',
    provider: 'noble',
    classes: 'first byte differs / last byte differs',
    samples: 4_000,
    times: 1,
    prepare: (kind) => {
      const there = new Middle('client').until('WAIT_FINISHED');
      const raw = there.next!.raw.slice();
      raw[kind === 0 ? 4 : raw.length - 1]! ^= 1;
      const record = there.record(22, raw);
      return () => {
        there.target.receive(record);
        drain(there.target);
      };
    },
  };
}

function binder(): Subject {
  const psk = { identity: Uint8Array.of(1, 2, 3), secret: new Uint8Array(32).fill(9) };
  const [hello] = (() => {
    const client = makeClient({ psks: [psk], grease: false });
    client.start();
    return written(drain(client));
  })();
  return {
    what: 'binder that does not fit, at a server',
    provider: 'noble',
    classes: 'first byte differs / last byte differs',
    samples: 10_000,
    times: 1,
    prepare: (kind) => {
      const server = makeServer({ psks: [psk] });
      server.start();
      const changed = hello!.slice();
      changed[changed.length - (kind === 0 ? 32 : 1)]! ^= 1;
      return () => {
        server.receive(changed);
        drain(server);
      };
    },
  };
}

function implicitRejection(): Subject {
  return {
    what: 'choice of the secret or its substitute (legacy)',
    provider: 'ours',
    classes: 'good padding / bad padding',
    samples: 100_000,
    times: 10,
    prepare: (kind) => {
      const encoding = bytes(256).map((byte) => byte | 1);
      encoding.set([0, 2]);
      encoding.set([0, 3, 3], 256 - 49);
      if (kind === 1) encoding[1] = 1;
      const substitute = bytes(48);
      return () => takeSecret(encoding, substitute, 0x0303);
    },
  };
}

async function rsaDecryption(provider: CryptoProvider, entry: ReturnType<typeof serverEntry>): Promise<Subject> {
  const { signer } = await loadCredential({ certificates: entry.chain.join('\n'), privateKey: entry.key }, provider);
  const key = signer.publicKey;
  if (key.kind !== 'rsa') throw new Error('not an RSA key');
  const secret = bytes(48);
  secret.set([3, 3]);
  return {
    what: 'RSA decryption, and the choice (legacy)',
    provider: provider.name,
    classes: 'good padding / random ciphertext',
    samples: provider === noble ? 1_000 : 4_000,
    times: 1,
    prepare: (kind) => {
      const ciphertext = kind === 0 ? encryptPkcs1(key.modulus, key.exponent, secret, random) : bytes(256);
      if (kind === 1) ciphertext[0]! &= 0x3f;
      const substitute = bytes(48);
      return () => {
        const opened = signer.decryptRaw!(ciphertext) as Uint8Array;
        const taken = takeSecret(opened, substitute, 0x0303);
        wipe(opened);
        return taken;
      };
    },
  };
}

function tags(provider: CryptoProvider, name: string): Subject {
  const suite = provider.suites.find((one) => one.name === name)!;
  if (suite.version !== 0x0304) throw new Error(name);
  const secret = bytes(32);
  const record = new Protector13(suite, secret).seal(23, bytes(1000), 0);
  return {
    what: `opening of records, ${suite.aead.name}`,
    provider: provider.name,
    classes: 'first byte of the tag differs / last',
    samples: 20_000,
    times: 1,
    prepare: (kind) => {
      const protector = new Protector13(suite, secret);
      const payload = record.slice(5);
      payload[payload.length - (kind === 0 ? 16 : 1)]! ^= 1;
      const header = record.slice(0, 5);
      return () => {
        try {
          protector.open(header, payload, 16_384);
        } catch {
          // That is what is measured.
        }
      };
    },
  };
}

/** A record with this plaintext, whatever it is. */
function cbcRecord(plain: Uint8Array): () => void {
  const keys = { macKey: cbcKeys.macKey.slice(), key: cbcKeys.key.slice(), iv: cbcKeys.iv };
  const iv = bytes(16);
  const sealed = aes128Cbc.key(cbcKeys.key.slice()).encrypt(iv, plain);
  const payload = new Uint8Array(16 + sealed.length);
  payload.set(iv);
  payload.set(sealed, 16);
  const protector = new Cbc12(cbcSuite, keys, false, random);
  const header = Uint8Array.of(23, 3, 3, payload.length >> 8, payload.length & 255);
  return () => {
    try {
      protector.open(header, payload, 16_384);
    } catch {
      // That is what is measured.
    }
  };
}

function cbcPadding(): Subject {
  return {
    what: 'opening of CBC records, MAC inside (legacy)',
    provider: 'noble',
    classes: 'padding of 1 byte, wrong MAC / bad padding',
    samples: 20_000,
    times: 1,
    prepare: (kind) => {
      const plain = bytes(512);
      plain[511] = kind === 0 ? 0 : 200;
      return cbcRecord(plain);
    },
  };
}

function cbcMac(): Subject {
  return {
    what: 'opening of CBC records, MAC inside (legacy)',
    provider: 'noble',
    classes: 'padding of 1 byte / of 256, wrong MAC',
    samples: 20_000,
    times: 1,
    prepare: (kind) => {
      const plain = bytes(512);
      plain.fill(kind === 0 ? 0 : 255, kind === 0 ? 511 : 256);
      return cbcRecord(plain);
    },
  };
}

function innerPadding(): Subject {
  const suite = noble.suites.find((one) => one.name === 'TLS_CHACHA20_POLY1305_SHA256')!;
  if (suite.version !== 0x0304) throw new Error('no suite');
  const secret = bytes(32);
  const records = [
    new Protector13(suite, secret).seal(23, bytes(1000), 0),
    new Protector13(suite, secret).seal(23, bytes(1), 999),
  ];
  return {
    what: 'stripping of record padding (TLS 1.3)',
    provider: 'ours',
    classes: '1,000 bytes of content / 1 byte and 999 of padding',
    samples: 20_000,
    times: 1,
    prepare: (kind) => {
      const protector = new Protector13(suite, secret);
      const record = records[kind]!.slice();
      return () => protector.open(record.subarray(0, 5), record.subarray(5), 16_384);
    },
  };
}

function keyExchange(provider: CryptoProvider, name: string): Subject {
  const group = provider.groups.find((one) => one.name === name)!;
  const share = (group.offer(random) as KeyOffer).share;
  const offers = [0, 1].map((kind) =>
    Array.from(
      { length: 64 },
      (_, index) => group.offer(kind === 0 ? seededRandom(5) : seededRandom(100 + index)) as KeyOffer,
    ),
  );
  let at = 0;
  return {
    what: `${name} agreement`,
    provider: provider.name,
    classes: 'one private key / many',
    samples: provider === noble ? 4_000 : 10_000,
    times: 1,
    prepare: (kind) => {
      const offer = offers[kind]![at++ % 64]!;
      return () => offer.agree(share);
    },
  };
}

async function signing(provider: CryptoProvider): Promise<Subject> {
  const make = async (from: Random): Promise<Awaited<ReturnType<CryptoProvider['signer']>>> => {
    const scalar = new Uint8Array(32);
    from.fill(scalar);
    scalar[0]! &= 0x7f;
    return await provider.signer({ kind: 'ec', curve: 'P-256', scalar });
  };
  const signers = [
    await Promise.all(Array.from({ length: 64 }, () => make(seededRandom(6)))),
    await Promise.all(Array.from({ length: 64 }, (_, index) => make(seededRandom(200 + index)))),
  ];
  let at = 0;
  return {
    what: 'ECDSA P-256 signature',
    provider: provider.name,
    classes: 'one private key / many',
    samples: provider === noble ? 4_000 : 10_000,
    times: 1,
    prepare: (kind) => {
      const signer = signers[kind]![at++ % 64]!;
      const message = bytes(64);
      return () => signer.sign(0x0403, message);
    },
  };
}

function decapsulation(): Subject {
  const group = noble.groups.find((one) => one.name === 'X25519MLKEM768')!;
  const offer = group.offer(random) as KeyOffer;
  const shares = Array.from({ length: 64 }, () => (group.accept(offer.share, random) as { share: Uint8Array }).share);
  let at = 0;
  return {
    what: 'X25519MLKEM768 agreement',
    provider: 'noble',
    classes: 'valid ciphertext / invalid',
    samples: 2_000,
    times: 1,
    prepare: (kind) => {
      const share = shares[at++ % 64]!.slice();
      // ML-KEM comes first; any of its bytes will do.
      if (kind === 1) share[100]! ^= 1;
      return () => offer.agree(share);
    },
  };
}

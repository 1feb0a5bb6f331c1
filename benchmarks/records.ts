/**
 * Records sealed and opened: by noble as it comes, by our noble provider, by node:crypto, and by WebCrypto in batches of
 * 16: `node --import ./benchmarks/load.mjs benchmarks/records.ts`. Microseconds a record.
 */
import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { nobleProvider } from '../src/crypto/noble/index.ts';
import { nodeProvider } from '../src/crypto/node/index.ts';
import type { AeadJob, AeadKey, CryptoProvider } from '../src/crypto/types.ts';
import { webCryptoProvider } from '../src/crypto/webcrypto/index.ts';
import { row, time, timeLater } from './micro.ts';

const BATCH = 16;
const providers = { noble: nobleProvider(), node: nodeProvider(), web: webCryptoProvider() };

console.log(`Node ${process.version}\n`);
row('', 'raw noble', 'noble', 'node', 'webcrypto', 'noble/raw');
for (const [name, raw] of [
  ['AES-128-GCM', gcm],
  ['AES-256-GCM', gcm],
  ['ChaCha20-Poly1305', chacha20poly1305],
] as const) {
  for (const size of [64, 1024, 16_384]) {
    const nonce = new Uint8Array(12);
    const head = new Uint8Array(5);
    const text = new Uint8Array(size);
    const tail = new Uint8Array(1);
    const [noble, node, web] = [providers.noble, providers.node, providers.web].map((from) => keyOf(from, name));
    const key = new Uint8Array(name === 'AES-128-GCM' ? 16 : 32).fill(1);
    const sealed = noble!.seal(nonce, head, text);
    const out = new Uint8Array(size + 22);
    const jobs = (data: Uint8Array): AeadJob[] =>
      Array.from({ length: BATCH }, () => ({ nonce, additionalData: head, data }));
    const bulk = web!.bulk;
    // noble wants one array, so what TLS has in two is put together first.
    const joined = (): Uint8Array => {
      const inner = new Uint8Array(size + 1);
      inner.set(text);
      return inner;
    };
    const sealing = [
      time(() => raw(key, nonce, head).encrypt(joined())),
      time(() => noble!.sealInto!(nonce, head, [text, tail], out, 5)),
      time(() => node!.sealInto!(nonce, head, [text, tail], out, 5)),
      bulk === undefined ? '–' : (await timeLater(() => bulk.seal(jobs(text)))) / BATCH,
    ];
    row(`${name} ${size} B sealed`, ...sealing, ratio(sealing));
    const opening = [
      time(() => raw(key, nonce, head).decrypt(sealed)),
      time(() => noble!.open(nonce, head, sealed)),
      time(() => node!.open(nonce, head, sealed)),
      bulk === undefined ? '–' : (await timeLater(() => bulk.open(jobs(sealed)))) / BATCH,
    ];
    row(`${name} ${size} B opened`, ...opening, ratio(opening));
  }
}

function ratio([raw, ours]: readonly (number | string)[]): string {
  return typeof raw === 'number' && typeof ours === 'number' ? (ours / raw).toFixed(2) : '–';
}

/** A key of ones. */
function keyOf(provider: CryptoProvider, name: string): AeadKey {
  const { aead } = provider.suites.find((suite) => suite.aead.name === name)!;
  return aead.key(new Uint8Array(aead.keyLength).fill(1));
}

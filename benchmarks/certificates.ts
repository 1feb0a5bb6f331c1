/**
 * What judging a chain costs beyond the signatures that it cannot do without: `npm run bench:certificates [-- --quick]`.
 *
 * A server's chain of three P-256 certificates: leaf and intermediate are sent, the root is the anchor. Every round reads
 * all three and judges the chain with a verifier of its own, so nothing is remembered; beside it, in the same round, the
 * two signatures alone. Medians are shown; trust the ratio, not the absolutes.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { nobleProvider } from '../src/crypto/noble/index.ts';
import { nodeProvider } from '../src/crypto/node/index.ts';
import type { SignatureVerifier } from '../src/crypto/types.ts';
import type { PresentedPeer } from '../src/handshake/peer.ts';
import { certificateVerifier, parseCertificate } from '../src/pki/index.ts';

const QUICK = process.argv.includes('--quick');
const ROUNDS = QUICK ? 200 : 2000;
const WARM_UP = QUICK ? 50 : 300;
/** The least that is asked for, with noble. */
const TARGET = 1.5;

interface Chain {
  readonly peer: PresentedPeer;
  readonly anchor: Uint8Array;
}

async function main(): Promise<void> {
  const chain = readChain();
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}; ${ROUNDS} rounds`);
  console.log('provider   signatures   read and judged   ratio');
  for (const provider of [nobleProvider(), nodeProvider()]) {
    const { bare, whole } = await measure(chain, provider.verifier);
    const columns = [`${(bare * 1000).toFixed(0)} µs`.padStart(10), `${(whole * 1000).toFixed(0)} µs`.padStart(17)];
    console.log(`${provider.name.padEnd(8)} ${columns.join(' ')}   ${(whole / bare).toFixed(2).padStart(5)}`);
  }
  console.log(`target: at most ${TARGET.toFixed(2)} with noble`);
}

async function measure(
  { peer, anchor }: Chain,
  signatures: SignatureVerifier,
): Promise<{ readonly bare: number; readonly whole: number }> {
  const [leaf, middle, root] = [...peer.chain, anchor].map((der) => parseCertificate(der));
  const pairs = [[leaf!, middle!] as const, [middle!, root!] as const];
  const bare = async (): Promise<boolean> => {
    for (const [{ signatureAlgorithm, tbs, signature }, { publicKey }] of pairs) {
      // A key that nobody has seen before, as the other side has: a verifier may remember those that it has.
      if (!(await signatures.verify(signatureAlgorithm!, { ...publicKey! }, tbs, signature))) return false;
    }
    return true;
  };
  const whole = async (): Promise<boolean> =>
    (await certificateVerifier({ anchors: [anchor], signatures }).verify(peer)).ok;
  const times: { readonly bare: number[]; readonly whole: number[] } = { bare: [], whole: [] };
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    // Whatever the machine does meanwhile, it does to both.
    for (const [name, work] of [
      ['bare', bare],
      ['whole', whole],
    ] as const) {
      const start = performance.now();
      if (!(await work())) throw new Error('the chain is good, and was refused');
      if (round >= 0) times[name].push(performance.now() - start);
    }
  }
  return { bare: median(times.bare), whole: median(times.whole) };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** The chain that every case of vectors/pki/checks.json is a variation of. */
function readChain(): Chain {
  const { certificates, cases } = JSON.parse(
    readFileSync(new URL('../vectors/pki/checks.json', import.meta.url), 'utf8'),
  ) as {
    readonly certificates: readonly string[];
    readonly cases: readonly {
      readonly codes: readonly string[];
      readonly chain: readonly number[];
      readonly anchors: readonly number[];
      readonly time: string;
      readonly serverName?: string;
    }[];
  };
  const der = (at: number): Uint8Array => new Uint8Array(Buffer.from(certificates[at]!, 'base64'));
  const plain = cases.find(({ codes, chain }) => codes.length === 0 && chain.length === 2)!;
  return {
    anchor: der(plain.anchors[0]!),
    peer: {
      role: 'client',
      chain: plain.chain.map(der),
      serverName: plain.serverName,
      ocspResponses: [],
      sctLists: [],
      certificateSchemes: nobleProvider().signatures.map(({ id }) => id),
      keyUse: 'digitalSignature',
      now: Date.parse(plain.time),
    },
  };
}

await main();

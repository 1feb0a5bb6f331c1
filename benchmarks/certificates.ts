/**
 * What judging a chain costs: `npm run bench:certificates [-- --quick]`.
 *
 * A server's chain of three P-256 certificates: leaf and intermediate are sent, the root is the anchor. A row for each thing
 * that makes it cheap: how keys go into node:crypto, that they are kept by their digest, that a path is remembered; and
 * beside them what Node's own X509Certificate takes for the same (without policies, name constraints and purposes, which it
 * does not look at). Rounds of all rows alternate, so that whatever the machine does meanwhile, it does to all. Medians are
 * shown; trust the ratios, not the absolutes.
 */
import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { nobleProvider } from '../src/crypto/noble/index.ts';
import { nodeProvider } from '../src/crypto/node/index.ts';
import type { SignatureVerifier } from '../src/crypto/types.ts';
import type { PresentedPeer } from '../src/handshake/peer.ts';
import { type Certificate, certificateVerifier, parseCertificate } from '../src/pki/index.ts';

const QUICK = process.argv.includes('--quick');
const ROUNDS = QUICK ? 200 : 2000;
const WARM_UP = QUICK ? 50 : 300;
/** The least that is asked for, with noble: the verdict beside the two signatures alone. */
const TARGET = 1.5;

interface Chain {
  readonly peer: PresentedPeer;
  readonly anchor: Uint8Array;
}

type Row = readonly [name: string, work: () => unknown];

async function main(): Promise<void> {
  const chain = readChain();
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}; ${ROUNDS} rounds, medians`,
  );
  console.log('\n| | µs |\n| --- | --- |');
  const node = await measure(rowsOfNode(chain));
  for (const [name, ms] of node) console.log(`| ${name} | ${(ms * 1000).toFixed(0)} |`);
  const ours = node.get(WHOLE)!;
  const theirs = node.get(NODES_OWN)!;
  console.log(`\nnode: a verdict beside Node's own path: ${(ours / theirs).toFixed(2)} (less than 1 is asked for)`);
  const noble = nobleProvider().verifier;
  const of = await measure([
    ['signatures', () => signaturesAlone(chain, noble)],
    ['verdict', () => verdictOf(chain, noble)],
  ]);
  const ratio = of.get('verdict')! / of.get('signatures')!;
  console.log(
    `noble: a verdict beside its two signatures: ${ratio.toFixed(2)} (at most ${TARGET.toFixed(2)} is asked for)`,
  );
}

const WHOLE = 'a verdict: all read, judged anew, keys kept by their digest';
const NODES_OWN = 'the same with X509Certificate: read, checkIssued, verify, checkHost, dates';

function rowsOfNode(chain: Chain): readonly Row[] {
  const { peer, anchor } = chain;
  const { verifier: signatures } = nodeProvider();
  const [leaf, middle, root] = certificatesOf(chain);
  const checked = [[leaf, middle] as const, [middle, root] as const];
  const spkis = checked.map(([, issuer]) => Buffer.from(issuer.spki));
  const objects = spkis.map((key) => createPublicKey({ key, format: 'der', type: 'spki' }));
  const jwks = objects.map((key) => key.export({ format: 'jwk' }));
  const remembering = certificateVerifier({ anchors: [anchor], signatures });
  const parsed = [leaf.der, middle.der, root.der];
  const all = (work: (at: number) => boolean): void => {
    if (!work(0) || !work(1)) throw new Error('the chain is good, and was refused');
  };
  const check = (at: number, key: (typeof objects)[number]): boolean =>
    verify('sha256', checked[at]![0].tbs, key, checked[at]![0].signature);
  return [
    ['two signatures alone, with keys that node:crypto has', () => all((at) => check(at, objects[at]!))],
    [
      'the same, keys imported as DER',
      () => all((at) => check(at, createPublicKey({ key: spkis[at]!, format: 'der', type: 'spki' }))),
    ],
    [
      'the same, keys imported as JWK',
      () => all((at) => check(at, createPublicKey({ key: jwks[at]!, format: 'jwk' }))),
    ],
    ['the same by the provider, keys kept by their digest', () => signaturesAlone(chain, signatures)],
    ['three certificates read', () => parsed.map((der) => parseCertificate(der))],
    [WHOLE, () => verdictOf(chain, signatures)],
    ['a verdict by a verifier that remembers the path', async () => expectGood(await remembering.verify(peer))],
    [NODES_OWN, () => nodesOwn(chain)],
  ];
}

/** What a program does that has nothing but Node. */
function nodesOwn({ peer, anchor }: Chain): void {
  const path = [...peer.chain, anchor].map((der) => new X509Certificate(der));
  for (const [index, certificate] of path.entries()) {
    if (Date.parse(certificate.validFrom) > peer.now || Date.parse(certificate.validTo) < peer.now)
      throw new Error('late');
    const issuer = path[index + 1];
    if (issuer === undefined) continue;
    if (!issuer.ca || !certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey))
      throw new Error('refused');
  }
  if (path[0]!.checkHost(peer.serverName!) === undefined) throw new Error('another name');
}

async function verdictOf({ peer, anchor }: Chain, signatures: SignatureVerifier): Promise<void> {
  expectGood(await certificateVerifier({ anchors: [anchor], signatures, maxRememberedPaths: 0 }).verify(peer));
}

function expectGood({ ok }: { readonly ok: boolean }): void {
  if (!ok) throw new Error('the chain is good, and was refused');
}

async function signaturesAlone(chain: Chain, signatures: SignatureVerifier): Promise<void> {
  const [leaf, middle, root] = certificatesOf(chain);
  for (const [{ signatureAlgorithm, tbs, signature }, { publicKey }] of [
    [leaf, middle] as const,
    [middle, root] as const,
  ]) {
    // In a new object, as each connection has it: a verifier may remember those that it has seen.
    if (!(await signatures.verify(signatureAlgorithm!, { ...publicKey! }, tbs, signature)))
      throw new Error('the chain is good, and was refused');
  }
}

const READ = new WeakMap<Chain, readonly [Certificate, Certificate, Certificate]>();

function certificatesOf(chain: Chain): readonly [Certificate, Certificate, Certificate] {
  let read = READ.get(chain);
  if (read === undefined) {
    const [leaf, middle] = chain.peer.chain.map((der) => parseCertificate(der));
    read = [leaf!, middle!, parseCertificate(chain.anchor)];
    READ.set(chain, read);
  }
  return read;
}

/** Milliseconds, by name. */
async function measure(rows: readonly Row[]): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number[]>(rows.map(([name]) => [name, []]));
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [name, work] of rows) {
      const start = performance.now();
      await work();
      if (round >= 0) times.get(name)!.push(performance.now() - start);
    }
  }
  return new Map([...times].map(([name, values]) => [name, median(values)]));
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

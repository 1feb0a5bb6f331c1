import { concat } from '../../src/bytes/bytes.ts';
import { derElement, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import { TlsError } from '../../src/errors.ts';
import { CrlStore, parseCertificate, readCrl } from '../../src/pki/index.ts';
import { revocationChecker } from '../../src/pki/revocation.ts';
import { certificateVerifier } from '../../src/pki/verifier.ts';
import { generator } from '../engine/mutate.ts';
import {
  ascii,
  certificateIssuer,
  crldp,
  crlEntry,
  extension,
  idp,
  type Made,
  make,
  makeCrl,
  makeOcsp,
  NOW,
  name,
  namedBits,
  ocspAddress,
  reason,
  single,
  uriPoint,
} from '../pki/revocation-maker.ts';
import { noble } from '../support/credentials.ts';
import { serverEntry, trustedRoots } from '../support/pki.ts';

/** Certificates and lists whose DER was changed, shown to the verifier: a verdict, or a TlsError. */

interface Node {
  readonly tag: number;
  readonly content: Uint8Array | Node[];
}

/** Everything that the infrastructure for tests does not have: lists, responses, extensions of many kinds. */
interface Sources {
  readonly root: Made;
  readonly chain: readonly Uint8Array[];
  readonly crl: Uint8Array;
  readonly ocsp: Uint8Array;
}

let sources: Sources | undefined;
/** Keys are not the same in every run: what is changed is, and signatures are taken for good. */
function makeSources(): Sources {
  const root = make('root');
  const middle = make('middle', { issuer: root, serial: 2 });
  const leaf = make('leaf', {
    issuer: middle,
    serial: 3,
    extensions: [
      extension(
        '2.5.29.17',
        derSequence(derElement(0x82, ascii('server.example')), derElement(0x87, Uint8Array.of(127, 0, 0, 1))),
      ),
      extension('2.5.29.15', namedBits(0x80), true),
      extension('2.5.29.37', derSequence(derOid('1.3.6.1.5.5.7.3.1'))),
      crldp([uriPoint('http://crl.example/1')]),
      ocspAddress('http://ocsp.example/'),
      extension('2.5.29.32', derSequence(derSequence(derOid('1.2.3.4')))),
    ],
  });
  const entries = [
    crlEntry(77, reason(1)),
    crlEntry(78),
    crlEntry(3_000_000, reason(6), certificateIssuer(name('other'))),
  ];
  const crl = makeCrl(middle, { entries, extensions: [idp(uriPoint('http://crl.example/1'))] });
  const ocsp = makeOcsp(
    [
      single({ certificate: leaf.certificate, issuer: middle }),
      single({ certificate: middle.certificate, issuer: root, status: 'revoked' }),
    ],
    {
      signer: middle,
      certificates: [middle.certificate],
    },
  );
  return { root, chain: [leaf.certificate.der, middle.certificate.der], crl, ocsp };
}

/** In milliseconds of this process: others do not count. */
const MOST_TIME = 1_000;

/** What is changed: a certificate of a good chain, of one with many extensions, a list, a response. */
const KINDS = ['certificate', 'extensions', 'list', 'response'] as const;

/** @throws Error, with the seed, for anything but a verdict or a TlsError. */
export function judgeChanged(seed: number): string {
  const random = generator(seed);
  sources ??= makeSources();
  const kind = KINDS[random.next(KINDS.length)]!;
  const plain = serverEntry(['ecdsa-p256', 'rsa-2048', 'ed25519'][random.next(3)] as 'ecdsa-p256').chain.map(derOf);
  const chain = kind === 'certificate' ? plain : sources.chain;
  const at = random.next(chain.length);
  const original = kind === 'list' ? sources.crl : kind === 'response' ? sources.ocsp : chain[at]!;
  let tree = parse(original);
  for (let edits = 1 + random.next(4); edits > 0; edits--) tree = edit(tree, random.next, 0);
  const changed = encodeAll(tree);
  const began = process.cpuUsage();
  try {
    const code = judge(kind, changed, chain, at);
    const { user, system } = process.cpuUsage(began);
    if ((user + system) / 1000 > MOST_TIME) throw new Error('it takes too long');
    return `${kind}: ${code}`;
  } catch (error) {
    if (error instanceof TlsError && error.code !== 'ERR_INTERNAL') return `${kind}: ${error.code}`;
    throw new Error(`certificate ${seed}: ${String(error)}`, { cause: error });
  }
}

function judge(kind: (typeof KINDS)[number], changed: Uint8Array, chain: readonly Uint8Array[], at: number): string {
  const shown =
    kind === 'certificate' || kind === 'extensions' ? chain.map((der, index) => (index === at ? changed : der)) : chain;
  const store = new CrlStore();
  if (kind === 'list') store.add(changed);
  const verifier = certificateVerifier({
    anchors: kind === 'certificate' ? trustedRoots() : [sources!.root.certificate.der],
    signatures: { verify: () => true },
    revocation: revocationChecker({ hash: noble.hash, whenMissing: 'accept', ...(kind === 'list' && { crls: store }) }),
  });
  const verdict = verifier.verify({
    role: 'client',
    chain: shown,
    serverName: 'server.example',
    ocspResponses: shown.map((_, index) => (index === 0 && kind === 'response' ? changed : undefined)),
    sctLists: shown.map(() => undefined),
    certificateSchemes: noble.signatures.map(({ id }) => id),
    keyUse: 'digitalSignature',
    now: kind === 'certificate' ? Date.UTC(2026, 11, 1) : NOW,
  });
  const codes = [verdict instanceof Promise ? 'later' : verdict.ok ? 'ok' : verdict.failure.code];
  const readers: readonly ((bytes: Uint8Array) => unknown)[] =
    kind === 'list' ? [readCrl] : kind === 'response' ? [] : [parseCertificate];
  for (const read of readers) {
    try {
      read(changed);
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      codes.push(error.code);
    }
  }
  return codes.join(', ');
}

function derOf(pem: string): Uint8Array {
  return new Uint8Array(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
}

/** Whatever looks like DER inside of strings is taken apart too. */
function parse(bytes: Uint8Array): Node[] {
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    let length = bytes[at + 1] ?? -1;
    let start = at + 2;
    if (length > 0x80 && length <= 0x84) {
      const width = length - 0x80;
      length = 0;
      for (let i = 0; i < width; i++) length = length * 256 + (bytes[start + i] ?? 0);
      start += width;
    }
    if (length < 0 || length === 0x80 || start + length > bytes.length) return [];
    const inner = bytes.subarray(start, start + length);
    const deeper = (tag & 0x20) !== 0 || tag === 4 ? parse(inner) : [];
    nodes.push({ tag, content: deeper.length > 0 ? deeper : inner });
    at = start + length;
  }
  return nodes;
}

function edit(nodes: readonly Node[], next: (below: number) => number, depth: number): Node[] {
  const out = [...nodes];
  if (out.length === 0) return out;
  const at = next(out.length);
  const node = out[at]!;
  if (Array.isArray(node.content) && (next(4) > 0 || depth < 2)) {
    out[at] = { tag: node.tag, content: edit(node.content, next, depth + 1) };
    return out;
  }
  switch (next(8)) {
    case 0:
      out[at] = {
        tag: [2, 3, 4, 5, 6, 12, 22, 24, 48, 49, 0x80, 0x82, 0xa0, 0xa3, node.tag ^ 0x20][next(15)]!,
        content: node.content,
      };
      break;
    case 1:
      out.splice(at, 1);
      break;
    case 2:
      out.splice(at, 0, node);
      break;
    case 3: {
      const other = next(out.length);
      [out[at], out[other]] = [out[other]!, node];
      break;
    }
    case 4:
      out[at] = { tag: node.tag, content: new Uint8Array(next(3)) };
      break;
    case 5:
      out[at] = { tag: node.tag, content: new Uint8Array([1, 20, 128, 300, 5000][next(5)]!).fill(next(256)) };
      break;
    default: {
      const bytes = (Array.isArray(node.content) ? encodeAll(node.content) : node.content).slice();
      if (bytes.length > 0) bytes[next(bytes.length)] = next(256);
      out[at] = { tag: node.tag, content: bytes };
    }
  }
  return out;
}

function encodeAll(nodes: readonly Node[]): Uint8Array {
  return concat(
    ...nodes.map(({ tag, content }) => {
      const bytes = Array.isArray(content) ? encodeAll(content) : content;
      const { length } = bytes;
      const head =
        length < 0x80
          ? [tag, length]
          : length < 0x100
            ? [tag, 0x81, length]
            : length < 0x10000
              ? [tag, 0x82, length >> 8, length & 255]
              : [tag, 0x83, length >> 16, (length >> 8) & 255, length & 255];
      return concat(Uint8Array.from(head), bytes);
    }),
  );
}

import { derElement, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import { TlsError } from '../../src/errors.ts';
import { CrlStore, parseCertificate, readCrl } from '../../src/pki/index.ts';
import { revocationChecker } from '../../src/pki/revocation/revocation.ts';
import { certificateVerifier } from '../../src/pki/verifiers/verifier.ts';
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
import { answered } from './answered.ts';
import { changedDer } from './der.ts';

/** Certificates and lists whose DER was changed, shown to the verifier: a verdict, or a TlsError. */

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

/** In milliseconds. */
const MAX_TIME = 1_000;

/** What is changed: a certificate of a good chain, of one with many extensions, a list, a response. */
const KINDS = ['certificate', 'extensions', 'list', 'response'] as const;

/** @throws Error, with the seed, for anything but a verdict or a TlsError. */
export function judgeChanged(seed: number): Promise<string> {
  const random = generator(seed);
  sources ??= makeSources();
  const kind = KINDS[random.next(KINDS.length)]!;
  const plain = serverEntry(['ecdsa-p256', 'rsa-2048', 'ed25519'][random.next(3)] as 'ecdsa-p256').chain.map(derOf);
  const chain = kind === 'certificate' ? plain : sources.chain;
  const at = random.next(chain.length);
  const original = kind === 'list' ? sources.crl : kind === 'response' ? sources.ocsp : chain[at]!;
  const changed = changedDer(original, random);
  return answered(kind, seed, MAX_TIME, () => judge(kind, changed, chain, at));
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

import { concat } from '../../../src/bytes/bytes.ts';
import { derElement, derOctetString, derOid, derSequence } from '../../../src/bytes/der-writer.ts';
import * as b from '../../../vectors/pki/builder.ts';
import * as r from '../revocation-maker.ts';
import type { Bomb } from './bombs.ts';
import * as p from './parts.ts';

/** Staples, lists and timestamps that keep those who look at them busy. */
export function* revocationBombs(): Generator<() => Bomb> {
  const long = derSequence(...p.times(250, (n) => p.attribute(`Part ${n} of a name`)));
  const top = (subject: Uint8Array): b.Issuer => ({ subject, pair: p.AUTHORITY });
  const chainBelow = (subject: Uint8Array, more: readonly Uint8Array[] = []): Uint8Array[] => [
    p.leaf([], more, top(subject)),
    b.issue({ ...top(subject), issuer: p.root, extensions: p.authority() }),
  ];
  yield () => ({
    kind: 'OCSP responses',
    name: '256 answers about one number, by a name that is long',
    chain: chainBelow(long),
    lists: [],
    ocspResponses: [response(p.times(256, () => single('sha1')))],
  });
  yield () => ({
    kind: 'OCSP responses',
    name: 'answers without end',
    chain: chainBelow(p.X),
    lists: [],
    ocspResponses: [response(p.times(3_000, () => single('sha256')))],
  });
  for (const kind of ['ecdsa-p521', 'rsa-8192 with a long exponent', 'ed448'] as const) {
    yield () => ({
      kind: 'OCSP responses',
      name: `16 responders with keys of type ${kind}`,
      chain: chainBelow(p.X),
      lists: [],
      ocspResponses: [
        response(
          [single('sha1', true)],
          p.times(16, (n) =>
            b.issue({
              subject: b.name(['CN', 'responder']),
              pair: p.LEAF,
              spki: p.strangeKey(kind),
              serial: p.serial(n),
              issuer: p.x(),
              extensions: [b.extension('2.5.29.37', false, derSequence(derOid('1.3.6.1.5.5.7.3.9')))],
            }),
          ),
          p.wrongSignature(kind),
        ),
      ],
    });
  }
  yield () => ({
    kind: 'OCSP responses',
    name: 'for every path of many',
    chain: p.filled(chainBelow(p.X), (n) => p.crossSigned(n, [], n % 2 === 0 ? p.root : p.x()), 30),
    lists: [],
    ocspResponses: p.times(30, () => response(p.times(100, () => single('sha1', true)))),
  });
  yield () => {
    const issuer = b.name(['CN', 'X']);
    const names = derSequence(
      ...p.times(4_000, (n) => b.directory(b.name(['CN', `n${n}`]))),
      b.directory(b.name(['CN', 'other'])),
    );
    const about = derElement(0x02, Uint8Array.of(1, 2));
    const time = b.time(new Date('2026-01-01T00:00:00Z'));
    const first = derSequence(
      about,
      time,
      derSequence(derSequence(derOid('2.5.29.29'), derElement(0x01, Uint8Array.of(255)), derOctetString(names))),
    );
    const entry = derSequence(about, time);
    const list = signedList(issuer, [first, ...p.times(20_000, () => entry)]);
    return {
      kind: 'lists (CRL)',
      name: '20,000 entries of one number, by an issuer of many names',
      chain: chainBelow(p.X),
      lists: [list],
    };
  };
  yield () => {
    const points = p.times(250, (n) =>
      derSequence(derElement(0xa0, derElement(0xa0, ...p.times(40, (i) => b.uri(`u:${n}.${i}`))))),
    );
    const chain = chainBelow(p.X, [b.extension('2.5.29.31', false, derSequence(...points))]);
    const list = signedList(
      p.X,
      [],
      p.times(4_000, (n) => b.uri(`v:${n}`)),
    );
    return { kind: 'lists (CRL)', name: 'points × names of a list', chain, lists: p.times(4, () => list) };
  };
  yield () => {
    const chain = chainBelow(p.X);
    const list = concat(
      ...p.times(32, (n) =>
        opaque(
          concat(
            Uint8Array.of(0),
            LOG_ID,
            Uint8Array.of(0, 0, 0, 0, 0, 0, 0, n),
            Uint8Array.of(0, 0, 4, 3),
            opaque(p.wrongSignature('ecdsa-p256').sign(LOG_ID, p.LEAF.privateKey)),
          ),
        ),
      ),
    );
    return { kind: 'timestamps (SCT)', name: '32 timestamps with wrong signatures', chain, sctLists: [opaque(list)] };
  };
}

const LOG_ID = r.digest('sha256', p.LEAF.spki);

function opaque(content: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(content.length >> 8, content.length & 255), content);
}

const SERIAL = derElement(0x02, Uint8Array.of(1, 2));

function single(hash: 'sha1' | 'sha256', right: boolean = false): Uint8Array {
  const oid = hash === 'sha1' ? r.OID_SHA1 : r.OID_SHA256;
  const size = hash === 'sha1' ? 20 : 32;
  const digest = (bytes: Uint8Array): Uint8Array => (right ? r.digest(hash, bytes) : new Uint8Array(size));
  const id = derSequence(
    derSequence(derOid(oid)),
    derOctetString(digest(p.X)),
    derOctetString(digest(b.keyBits(p.AUTHORITY.spki))),
    SERIAL,
  );
  return derSequence(id, derElement(0x80), b.generalizedTime(new Date('2030-01-01T00:00:00Z')));
}

function response(
  singles: readonly Uint8Array[],
  certificates: readonly Uint8Array[] = [],
  algorithm: b.SigningAlgorithm = b.algorithmOf(p.AUTHORITY.privateKey),
): Uint8Array {
  const responder = certificates.length > 0 ? b.name(['CN', 'responder']) : p.X;
  const data = derSequence(
    derElement(0xa1, responder),
    b.generalizedTime(new Date('2030-01-01T00:00:00Z')),
    derSequence(...singles),
  );
  const signature = derElement(0x03, Uint8Array.of(0), algorithm.sign(data, p.AUTHORITY.privateKey));
  const more = certificates.length === 0 ? [] : [derElement(0xa0, derSequence(...certificates))];
  const basic = derSequence(data, algorithm.identifier, signature, ...more);
  const bytes = derSequence(derOid('1.3.6.1.5.5.7.48.1.1'), derOctetString(basic));
  return derSequence(derElement(0x0a, Uint8Array.of(0)), derElement(0xa0, bytes));
}

function signedList(issuer: Uint8Array, entries: readonly Uint8Array[], names: readonly Uint8Array[] = []): Uint8Array {
  const algorithm = b.algorithmOf(p.AUTHORITY.privateKey);
  const point = derSequence(
    ...(names.length > 0 ? [derElement(0xa0, derElement(0xa0, ...names))] : []),
    derElement(0x84, Uint8Array.of(255)),
  );
  const number = derSequence(derOid('2.5.29.20'), derOctetString(derElement(0x02, Uint8Array.of(1))));
  const idp = derSequence(derOid('2.5.29.28'), derElement(0x01, Uint8Array.of(255)), derOctetString(point));
  const tbs = derSequence(
    derElement(0x02, Uint8Array.of(1)),
    algorithm.identifier,
    issuer,
    b.time(new Date('2030-01-01T00:00:00Z')),
    b.time(new Date('2031-01-01T00:00:00Z')),
    ...(entries.length > 0 ? [derSequence(...entries)] : []),
    derElement(0xa0, derSequence(number, idp)),
  );
  return derSequence(
    tbs,
    algorithm.identifier,
    derElement(0x03, Uint8Array.of(0), algorithm.sign(tbs, p.AUTHORITY.privateKey)),
  );
}

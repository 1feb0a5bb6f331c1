/**
 * Writes basic.json: a small public-key infrastructure for tests. `npx tsx vectors/pki/generate.ts`; the keys are new
 * every time, the layout is always the same.
 */
import { writeFileSync } from 'node:fs';
import {
  authorityKeyIdentifier,
  basicConstraints,
  type CertificateSpec,
  dns,
  email,
  extendedKeyUsage,
  type GeneralName,
  type Issuer,
  ip,
  issue,
  type KeyKind,
  keyUsage,
  makePair,
  name,
  type Pair,
  type PURPOSE,
  pem,
  privatePem,
  subjectAltName,
  subjectKeyIdentifier,
  uri,
} from './builder.ts';

interface Authority extends Issuer {
  readonly der: Uint8Array;
}

const KINDS: readonly KeyKind[] = [
  'ecdsa-p256',
  'ecdsa-p384',
  'ecdsa-p521',
  'rsa-2048',
  'rsa-3072',
  'rsa-pss',
  'ed25519',
  'ed448',
];

const SERVER_NAMES: readonly GeneralName[] = [
  dns('server.example'),
  dns('*.wild.example'),
  dns('localhost'),
  ip(127, 0, 0, 1),
  ip(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
];

function root(title: string, kind: KeyKind): Authority {
  const pair = makePair(kind);
  const subject = name(['O', 'Test Vectors'], ['CN', title]);
  const extensions = [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign'), subjectKeyIdentifier(pair.spki)];
  return { subject, pair, der: issue({ subject, pair, extensions }) };
}

function intermediate(title: string, kind: KeyKind, issuer: Issuer): Authority {
  const pair = makePair(kind);
  const subject = name(['O', 'Test Vectors'], ['CN', title]);
  const extensions = [
    basicConstraints(true, 0),
    keyUsage('keyCertSign', 'cRLSign', 'digitalSignature'),
    subjectKeyIdentifier(pair.spki),
    authorityKeyIdentifier(issuer.pair.spki),
  ];
  return { subject, pair, der: issue({ subject, pair, issuer, extensions }) };
}

interface LeafSpec extends Partial<CertificateSpec> {
  readonly title: string;
  readonly names: readonly GeneralName[];
  readonly purpose: keyof typeof PURPOSE;
  readonly kind?: KeyKind;
  readonly by?: Authority;
}

interface Entry {
  readonly chain: readonly string[];
  readonly key: string;
}

function leaf({ title, names, purpose, kind = 'ecdsa-p256', by, ...rest }: LeafSpec): Entry {
  const pair: Pair = makePair(kind);
  const uses =
    kind === 'rsa-2048' || kind === 'rsa-3072'
      ? (['digitalSignature', 'keyEncipherment'] as const)
      : (['digitalSignature'] as const);
  const extensions = [
    basicConstraints(false),
    keyUsage(...uses),
    extendedKeyUsage(purpose),
    subjectAltName(names),
    subjectKeyIdentifier(pair.spki),
    ...(by === undefined ? [] : [authorityKeyIdentifier(by.pair.spki)]),
  ];
  const subject = name(['O', 'Test Vectors'], ['CN', title]);
  const der = issue({ subject, pair, ...(by !== undefined && { issuer: by }), extensions, ...rest });
  const chain = [der, ...(by === undefined || by === ecRoot || by === rsaRoot ? [] : [by.der])];
  return { chain: chain.map((one) => pem('CERTIFICATE', one)), key: privatePem(pair) };
}

const ecRoot = root('EC Root', 'ecdsa-p256');
const ecIntermediate = intermediate('EC Intermediate', 'ecdsa-p256', ecRoot);
const rsaRoot = root('RSA Root', 'rsa-2048');
const rsaIntermediate = intermediate('RSA Intermediate', 'rsa-2048', rsaRoot);
const strangerRoot = root('Stranger Root', 'ecdsa-p256');
const strangerIntermediate = intermediate('Stranger Intermediate', 'ecdsa-p256', strangerRoot);

const by = (kind: KeyKind): Authority => (kind.startsWith('rsa') ? rsaIntermediate : ecIntermediate);
const authority = ({ der, pair }: Authority): object => ({
  certificate: pem('CERTIFICATE', der),
  key: privatePem(pair),
});
const each = (make: (kind: KeyKind) => Entry): object => Object.fromEntries(KINDS.map((kind) => [kind, make(kind)]));
const server = { title: 'server.example', names: SERVER_NAMES, purpose: 'serverAuth', by: ecIntermediate } as const;
const client = (
  who: string,
): { readonly title: string; readonly names: readonly GeneralName[]; readonly purpose: 'clientAuth' } => ({
  title: who,
  names: [email('client@client.example'), uri('spiffe://client.example/worker')],
  purpose: 'clientAuth',
});

const withoutIntermediate = leaf(server);
const basic = {
  note: 'Made by vectors/pki/generate.ts. Keys for tests: never use them for anything else.',
  ca: {
    ecRoot: authority(ecRoot),
    ecIntermediate: authority(ecIntermediate),
    rsaRoot: authority(rsaRoot),
    rsaIntermediate: authority(rsaIntermediate),
    strangerRoot: authority(strangerRoot),
    strangerIntermediate: authority(strangerIntermediate),
  },
  server: each((kind) => leaf({ ...server, kind, by: by(kind) })),
  client: each((kind) => leaf({ ...client('client'), kind, by: by(kind) })),
  faulty: {
    expired: leaf({ ...server, notAfter: new Date('2021-01-01T00:00:00Z') }),
    notYetValid: leaf({ ...server, notBefore: new Date('2059-01-01T00:00:00Z') }),
    wrongName: leaf({ ...server, title: 'other.example', names: [dns('other.example')] }),
    untrusted: leaf({ ...server, by: strangerIntermediate }),
    wrongPurpose: leaf({ ...server, purpose: 'clientAuth' }),
    selfSigned: leaf({ title: 'server.example', names: SERVER_NAMES, purpose: 'serverAuth' }),
    missingIntermediate: { ...withoutIntermediate, chain: withoutIntermediate.chain.slice(0, 1) },
    badSignature: leaf({ ...server, spoil: true }),
    expiredClient: leaf({ ...client('client'), by: ecIntermediate, notAfter: new Date('2021-01-01T00:00:00Z') }),
    untrustedClient: leaf({ ...client('client'), by: strangerIntermediate }),
    serverAsClient: leaf({ ...client('client'), purpose: 'serverAuth', by: ecIntermediate }),
  },
};

writeFileSync(new URL('basic.json', import.meta.url), `${JSON.stringify(basic, null, 1)}\n`);

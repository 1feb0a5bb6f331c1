/** Whole chains, as a TLS client or server judges them (x509-limbo). */
import { autoProvider } from '../../src/crypto/auto.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import type { SignatureVerifier } from '../../src/crypto/types.ts';
import {
  certificateVerifier,
  compareDns,
  compareIpConstraint,
  type Identities,
  isPublicSuffix,
  isReferenceName,
  type KeyUsage,
  type Profile,
  readPem,
  revocationChecker,
  type VerdictDetails,
} from '../../src/pki/index.ts';
import { type Answer, failure, orUnreadable, purposeOid, readable, type Row, rowsOf, SUCCESS } from './row.ts';

interface Peer {
  readonly kind: string;
  readonly value: string;
}

interface LimboCase {
  readonly id: string;
  readonly importance?: string;
  readonly validation_kind: 'SERVER' | 'CLIENT';
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
  readonly signature_algorithms: readonly string[];
  readonly key_usage: readonly string[];
  readonly extended_key_usage: readonly string[];
  readonly expected_result: string;
  readonly expected_peer_name: Peer | null;
  readonly expected_peer_names: readonly Peer[];
  readonly max_chain_depth: number | null;
  readonly crls: readonly string[];
}

/** Each namespace in the profile that it is about. */
export async function run(contents: string, signatures = autoProvider().verifier): Promise<readonly Row[]> {
  return runIn(contents, signatures, ({ id }) => {
    const namespace = id.split('::')[0];
    return namespace === 'rfc5280' || namespace === 'webpki' ? namespace : 'default';
  });
}

/** Everything in the profile that TLS uses by default. */
export async function runDefault(contents: string, signatures = autoProvider().verifier): Promise<readonly Row[]> {
  return runIn(contents, signatures, () => 'default');
}

/** What real sites show is right in every profile, whatever their roots look like. */
export async function runOnline(contents: string, signatures = autoProvider().verifier): Promise<readonly Row[]> {
  const { testcases } = JSON.parse(contents) as { readonly testcases: readonly LimboCase[] };
  return rowsOf(
    testcases.filter(({ id }) => !id.includes('::') || id.startsWith('online::')),
    ({ expected_result }) => expected_result,
    async (test) => {
      for (const profile of ['default', 'rfc5280', 'webpki'] as const) {
        const answer = await judge(test, signatures, profile, false);
        if (answer.found !== test.expected_result) return { ...answer, note: `${profile}: ${answer.note ?? ''}` };
      }
      return { found: test.expected_result };
    },
  );
}

function runIn(
  contents: string,
  signatures: SignatureVerifier,
  profileOf: (test: LimboCase) => Profile,
): Promise<readonly Row[]> {
  const { testcases } = JSON.parse(contents) as { readonly testcases: readonly LimboCase[] };
  return rowsOf(
    testcases,
    ({ expected_result }) => expected_result,
    async (test) => {
      const answer = await judge(test, signatures, profileOf(test), true);
      return { ...answer, note: `importance ${test.importance ?? 'undetermined'}; ${answer.note ?? 'accepted'}` };
    },
  );
}

/** @param byTheProfile the case is about the rules of the profile: roots keep them too, and private suffixes count. */
async function judge(
  test: LimboCase,
  signatures: SignatureVerifier,
  profile: Profile,
  byTheProfile: boolean,
): Promise<Answer> {
  const client = test.validation_kind === 'CLIENT';
  const { expected_peer_name: name } = test;
  const asked = !client && (name?.kind === 'DNS' || name?.kind === 'IP') ? name.value : undefined;
  const revocation = test.crls.length === 0 ? undefined : orUnreadable(() => checkerOf(test.crls));
  if (test.crls.length > 0 && revocation === undefined) return failure('a list that cannot be read');
  const verifier = certificateVerifier({
    anchors: readable(test.trusted_certs),
    signatures,
    profile,
    ...(byTheProfile && profile !== 'default' && { judgeAnchors: true }),
    ...(byTheProfile && profile === 'webpki' && { publicSuffix: (name: string) => isPublicSuffix(name, 'all') }),
    allowNoServerName: true,
    ...(test.extended_key_usage.length > 0 && { purposes: test.extended_key_usage.map(purposeOid) }),
    ...(test.max_chain_depth !== null && { maxIntermediates: test.max_chain_depth }),
    ...(revocation !== undefined && { revocation }),
    keyUsages: test.key_usage as readonly KeyUsage[],
  });
  const verdict = await verifier.verify({
    role: client ? 'server' : 'client',
    chain: [test.peer_certificate, ...test.untrusted_intermediates].flatMap((pem) =>
      readPem(pem).map(({ der }) => der),
    ),
    serverName: asked,
    ocspResponses: [],
    sctLists: [],
    certificateSchemes: test.signature_algorithms.map(schemeOf),
    keyUse: 'digitalSignature',
    now: test.validation_time === null ? Date.now() : Date.parse(test.validation_time),
  });
  if (!verdict.ok) return failure(verdict.failure.message);
  const { identities } = verdict.details as VerdictDetails;
  const wanted = [...test.expected_peer_names, ...(asked === undefined && name !== null ? [name] : [])];
  const missing = wanted.find((peer) => !names(identities, peer));
  return missing === undefined ? SUCCESS : failure(`it does not name ${missing.value}`);
}

/** What the lists speak for has to be good; what they do not speak for is not asked about. */
function checkerOf(crls: readonly string[]): ReturnType<typeof revocationChecker> {
  return revocationChecker({
    hash: nobleProvider().hash,
    crls: crls.flatMap((pem) => readPem(pem).map(({ der }) => der)),
    whenMissing: 'accept',
    whenUnusable: 'refuse',
    clockSkew: 0,
  });
}

function names(identities: Identities, { kind, value }: Peer): boolean {
  switch (kind) {
    case 'RFC822':
      return identities.emails.includes(value);
    case 'DNS':
      return isReferenceName(value) && identities.dns.some((name) => compareDns(name, value) === 'match');
    case 'IP': {
      const mask = value.includes(':') ? `${'ffff:'.repeat(7)}ffff` : '255.255.255.255';
      return identities.addresses.some((bytes) => compareIpConstraint(bytes, value, mask) === 'match');
    }
    default:
      throw new Error(`a kind of name that is not known: ${kind}`);
  }
}

/** A SignatureScheme with this algorithm; 0, which is none: TLS has no name for it. */
function schemeOf(name: string): number {
  return SCHEMES[name.toUpperCase()] ?? 0;
}

const SCHEMES: { readonly [name: string]: number } = {
  RSA_WITH_SHA1: 0x0201,
  RSA_WITH_SHA256: 0x0401,
  RSA_WITH_SHA384: 0x0501,
  RSA_WITH_SHA512: 0x0601,
  ECDSA_WITH_SHA1: 0x0203,
  ECDSA_WITH_SHA256: 0x0403,
  ECDSA_WITH_SHA384: 0x0503,
  ECDSA_WITH_SHA512: 0x0603,
  ED25519: 0x0807,
  ED448: 0x0808,
};

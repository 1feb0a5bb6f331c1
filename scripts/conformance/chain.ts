/** A given chain, and how its last certificate is trusted (BoringSSL's verify_certificate_chain). */
import { autoProvider } from '../../src/crypto/auto.ts';
import type { SignatureVerifier } from '../../src/crypto/types.ts';
import {
  type Certificate,
  defaultRules,
  extendedKeyUsage,
  type Finding,
  findPath,
  keyUsage,
  type PathRules,
  type Place,
  readAnchors,
  type TrustAnchor,
} from '../../src/pki/index.ts';
import { type Answer, decode, failure, purposeOid, readable, type Row, rowsOf } from './row.ts';

interface ChainCase {
  readonly id: string;
  /** Leaf first. */
  readonly chain: readonly string[];
  readonly last_cert_trust: string;
  readonly validation_time: string;
  readonly key_purpose: string;
  readonly digest_policy: string;
  readonly expected: string;
  readonly expected_user_constrained_policy_set?: readonly string[];
}

interface Chain {
  readonly tests: readonly ChainCase[];
  readonly certs: { readonly [key: string]: string };
}

export async function run(contents: string, signatures = autoProvider().verifier): Promise<readonly Row[]> {
  const suite = JSON.parse(contents) as Chain;
  return rowsOf(
    suite.tests,
    (test) => withPolicies(test.expected, test, test.expected_user_constrained_policy_set ?? []),
    (test) => judge(test, suite, signatures),
  );
}

async function judge(test: ChainCase, { certs }: Chain, signatures: SignatureVerifier): Promise<Answer> {
  const chain = test.chain.map((key) => {
    if (certs[key] === undefined) throw new Error(`the suite has no ${key}`);
    return decode(certs[key]);
  });
  const read = chain.map((der) => readable([der])[0]);
  const [leaf] = read;
  if (leaf === undefined) return failure('the certificate cannot be read');
  const last = read[read.length - 1];
  const settings = trustOf(test.last_cert_trust);
  const result = await findPath({
    leaf,
    candidates: read.slice(1, -1).filter((certificate) => certificate !== undefined),
    anchors: settings === undefined || last === undefined ? [] : readAnchors([{ certificate: last.der, ...settings }]),
    signatures,
    rules: {
      ...defaultRules('default', Date.parse(test.validation_time)),
      // The suite is older than what is asked of RSA keys today.
      minRsaBits: 1024,
      allowSha1: test.digest_policy === 'ALLOW_SHA_1',
      ...purposeRules(test.key_purpose),
    },
    ...(test.last_cert_trust === 'DISTRUSTED' && { distrusts: (one) => isSame(one, last) }),
  });
  return result.ok ? { found: withPolicies('SUCCESS', test, result.policies) } : failure(result.failure.message);
}

/** Where a case says which policies the path is valid for, they are a part of the answer. */
function withPolicies(answer: string, test: ChainCase, policies: readonly string[]): string {
  const asked = answer === 'SUCCESS' && (test.expected_user_constrained_policy_set ?? []).length > 0;
  return asked ? [answer, ...[...policies].sort()].join(' ') : answer;
}

function isSame(a: Certificate, b: Certificate | undefined): boolean {
  return b !== undefined && Buffer.compare(a.der, b.der) === 0;
}

/** Undefined: it is not trusted. */
function trustOf(trust: string): Omit<TrustAnchor, 'certificate' | 'name' | 'publicKey'> | undefined {
  if (trust === 'UNSPECIFIED') return undefined;
  if (trust !== 'DISTRUSTED' && !trust.startsWith('TRUSTED_')) throw new Error(`a trust that is not known: ${trust}`);
  return {
    use: trust.startsWith('TRUSTED_ANCHOR_OR_LEAF') ? 'both' : trust.startsWith('TRUSTED_LEAF') ? 'leaf' : 'authority',
    ignoreExpiry: !trust.includes('EXPIRATION'),
    ignoreConstraints: !/_CONSTRAINTS/.test(trust.replace('REQUIRE_BASIC_CONSTRAINTS', '')),
    requireBasicConstraints: trust.includes('REQUIRE_BASIC_CONSTRAINTS'),
    requireSelfSigned: trust.includes('REQUIRE_SELF_SIGNED'),
  };
}

function purposeRules(purpose: string): Partial<PathRules> {
  switch (purpose) {
    case 'ANY_EKU':
      return {};
    case 'MLS_CLIENT_AUTH':
      return {
        purposes: [MLS_CLIENT],
        explicitPurpose: 'path',
        processedExtensions: MLS_EXTENSIONS,
        check: checkMls,
      };
    case 'C2PA_MANIFEST':
      return apart(
        [purposeOid('emailProtection'), DOCUMENT_SIGNING],
        [EKU_ANY, purposeOid('timeStamping'), purposeOid('OCSPSigning')],
      );
    case 'C2PA_TIMESTAMPING':
      return apart(
        [purposeOid('timeStamping')],
        [EKU_ANY, purposeOid('emailProtection'), DOCUMENT_SIGNING, purposeOid('OCSPSigning')],
      );
  }
  const [, name, explicit] = /^(SERVER|CLIENT)_AUTH(_STRICT(?:_LEAF)?)?$/.exec(purpose) ?? [];
  if (name === undefined) throw new Error(`a purpose that is not known: ${purpose}`);
  const oid = purposeOid(name === 'SERVER' ? 'serverAuth' : 'clientAuth');
  if (explicit === undefined) return { purposes: [oid] };
  if (explicit === '_STRICT_LEAF') return { purposes: [oid], explicitPurpose: 'leaf' };
  // Authorities above a client have to name the purpose; above a server they may say nothing at all, but not "any".
  if (name === 'CLIENT') return { purposes: [oid], explicitPurpose: 'path' };
  return {
    purposes: [oid],
    explicitPurpose: 'leaf',
    check: (certificate) =>
      extendedKeyUsage(certificate)?.includes(oid) === false
        ? { code: 'CERT_EXTENDED_KEY_USAGE', what: 'it does not name the purpose itself' }
        : undefined,
  };
}

const EKU_ANY = purposeOid('anyExtendedKeyUsage');
/** RFC 9336. */
const DOCUMENT_SIGNING = '1.3.6.1.5.5.7.3.36';
/** rcsMlsClient of the GSM Association. */
const MLS_CLIENT = '2.23.146.2.1.3';
/** Stand in the certificates of its clients, critical: who takes part, and where it is served. */
const MLS_EXTENSIONS: readonly string[] = ['2.23.146.2.1.4', '2.23.146.2.1.5'];

/** Other uses of EKU than those of TLS come in through the hook that is there for it. */
function checkMls(certificate: Certificate, place: Place): Finding | undefined {
  if (place === 'anchor') return undefined;
  const purposes = extendedKeyUsage(certificate);
  if (purposes?.length !== 1 || purposes[0] !== MLS_CLIENT)
    return { code: 'CERT_EXTENDED_KEY_USAGE', what: 'it has another purpose than rcsMlsClient' };
  const usages = keyUsage(certificate);
  return place === 'leaf' && (usages?.size !== 1 || !usages.has('digitalSignature'))
    ? { code: 'CERT_KEY_USAGE', what: 'its key may be used for more than digitalSignature' }
    : undefined;
}

function apart(wanted: readonly string[], prohibited: readonly string[]): Partial<PathRules> {
  return {
    check: (certificate, place) => {
      if (place !== 'leaf') return undefined;
      const purposes = extendedKeyUsage(certificate) ?? [];
      return purposes.some((oid) => wanted.includes(oid)) && !purposes.some((oid) => prohibited.includes(oid))
        ? undefined
        : { code: 'CERT_EXTENDED_KEY_USAGE', what: 'it has not the purpose, or one that must not stand beside it' };
    },
  };
}

import { credentialResolver } from '../../authentication/choose-credential.ts';
import { whyRefused } from '../../authentication/credential-fit.ts';
import type { CipherSuite12 } from '../../../crypto/types.ts';
import { TlsError } from '../../../errors.ts';
import { type ExtensionBlock, readExtensions } from '../../../wire/extension.ts';
import { alpn } from '../../../wire/extensions/alpn.ts';
import { extendedMainSecret } from '../../../wire/extensions/extended-main-secret.ts';
import { renegotiationInfo } from '../../../wire/extensions/renegotiation-info.ts';
import { serverName } from '../../../wire/extensions/server-name.ts';
import { signatureAlgorithms } from '../../../wire/extensions/signature-algorithms.ts';
import { signatureAlgorithmsCert } from '../../../wire/extensions/signature-algorithms-cert.ts';
import { supportedGroups } from '../../../wire/extensions/supported-groups.ts';
import { supportedVersions } from '../../../wire/extensions/supported-versions.ts';
import type { ClientHello } from '../../../wire/hello.ts';
import { SCHEME_ECDSA_SHA1, SCHEME_RSA_PKCS1_SHA1, TLS_1_2, TLS_1_3 } from '../../../wire/ids.ts';
import type { ServerConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import type { ClientHelloArrival } from '../../machine.ts';
import { type ClientHelloSummary, request, type ContextSelection, type Step } from '../../requests.ts';
import type { Credential, CredentialQuery } from '../../peer.ts';
import { chooseScheme } from '../../authentication/certificates.ts';
import type { KeyExchange12 } from '../key-exchange/key-exchange.ts';
import { KNOWN_EXTENSIONS_12 } from '../known-extensions.ts';
import { isCurveNamed, kindFor } from '../proof.ts';
import { sharedInOrder } from '../../suite-order.ts';

/** Not cipher suites: signals that old hellos carry among them (RFC 5746 section 3.3, RFC 7507 section 2). */
const EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff;
const FALLBACK_SCSV = 0x5600;

/** A client that names no group is taken to know the one that all know (RFC 8422 section 4). */
const GROUPS_WITHOUT_EXTENSION: readonly number[] = [0x0017];

// RFC 5246 ¶7.4.1.4.1-3
/** A client that names no scheme knows SHA-1 alone: a server signs so only where it was given such schemes. */
const SCHEMES_WITHOUT_EXTENSION: readonly number[] = [SCHEME_RSA_PKCS1_SHA1, SCHEME_ECDSA_SHA1];

export interface ReadHello12 {
  readonly hello: ClientHello;
  readonly extensions: ExtensionBlock<'ClientHello'>;
  readonly groups: readonly number[];
  readonly schemes: readonly number[];
  readonly extended: boolean;
  /** Did the client say that it knows renegotiation_info, in either of the two ways? */
  readonly secureRenegotiation: boolean;
  readonly summary: ClientHelloSummary;
}

/** RFC 5246 section 7.4.1.2. */
export function readClientHello12(message: ClientHelloArrival, config: ServerConfig): ReadHello12 {
  const { hello } = message;
  const extensions = readExtensions('ClientHello', hello.extensions, KNOWN_EXTENSIONS_12);
  const versions = extensions.get(supportedVersions);
  // What is higher still is reserved, or not known yet (RFC 8701).
  const highest = Math.max(0, ...(versions ?? [hello.legacyVersion]).filter((version) => version <= TLS_1_3));
  // Before anything else: a client that fell back below all that we speak has to hear why it is refused.
  if (hello.cipherSuites.includes(FALLBACK_SCSV) && config.protocols.some(({ version }) => version > highest))
    throw new TlsError('ERR_INAPPROPRIATE_FALLBACK');
  if (hello.legacyVersion < TLS_1_2 || (versions !== undefined && !versions.includes(TLS_1_2)))
    throw new TlsError('ERR_VERSION', { detail: `the client speaks ${versions ?? hello.legacyVersion.toString(16)}` });
  if (!hello.legacyCompressionMethods.includes(0))
    throw new TlsError('ERR_COMPRESSION', { detail: 'null is not offered', rfc: 'RFC 5246 section 7.4.1.2' });
  const renegotiated = extensions.get(renegotiationInfo);
  if (renegotiated !== undefined && renegotiated.length > 0)
    throw new TlsError('ERR_RENEGOTIATION_INFO', { detail: 'it is not empty in a first handshake' });
  const extended = extensions.has(extendedMainSecret.id);
  if (!extended && config.requireExtendedMasterSecret)
    throw new TlsError('ERR_EXTENDED_MASTER_SECRET', {
      detail: 'the client does not offer it, and requireExtendedMasterSecret is set',
    });
  const groups = extensions.get(supportedGroups) ?? GROUPS_WITHOUT_EXTENSION;
  const schemes = extensions.get(signatureAlgorithms) ?? SCHEMES_WITHOUT_EXTENSION;
  return {
    hello,
    extensions,
    groups,
    schemes,
    extended,
    secureRenegotiation: renegotiated !== undefined || hello.cipherSuites.includes(EMPTY_RENEGOTIATION_INFO_SCSV),
    summary: {
      serverName: extensions.get(serverName),
      alpn: extensions.get(alpn) ?? [],
      versions: versions ?? [TLS_1_2],
      suites: hello.cipherSuites,
      groups,
      schemes,
      raw: message.raw,
    },
  };
}

export interface Choice12 {
  readonly suite: CipherSuite12;
  readonly credential: Credential;
}

// RFC 5246 ¶7.4.2-2, ¶7.4.3-3
/**
 * In TLS 1.2 the suite names the kind of certificate, so the two are chosen together: what could be agreed on decides
 * what the resolver is asked for, and its answer decides the suite.
 */
export function* choose12(
  read: ReadHello12,
  keyExchange: KeyExchange12,
  choices: ContextSelection,
  protocol: string | undefined,
  context: Context<ServerConfig>,
): Step<Choice12> {
  const { config } = context;
  const shared = sharedInOrder(read.hello.cipherSuites, config.suites12, config);
  if (shared.length === 0) throw new TlsError('ERR_NO_SHARED_SUITE', { rfc: 'RFC 5246 section 7.4.1.3' });
  const possible = shared.filter(
    ({ exchange }) => exchange === 'rsa' || keyExchange.signed[exchange]?.fits(read.groups, context) === true,
  );
  if (possible.length === 0) throw new TlsError('ERR_NO_SHARED_GROUP', { rfc: 'RFC 8422 section 5.1' });

  const resolver =
    choices.credential === undefined ? config.credential : credentialResolver(choices.credential, config);
  const query: CredentialQuery = {
    role: 'server',
    version: TLS_1_2,
    serverName: read.summary.serverName,
    alpn: protocol === undefined ? read.summary.alpn : [protocol],
    schemes: schemesFor(possible, read, config),
    certificateSchemes: read.extensions.get(signatureAlgorithmsCert) ?? read.extensions.get(signatureAlgorithms) ?? [],
    authorities: [],
    oidFilters: [],
  };
  const credential = yield* request('credential', { resolver, query });
  if (credential === undefined) {
    throw new TlsError(config.requireServerName ? 'ERR_UNRECOGNIZED_NAME' : 'ERR_NO_CREDENTIAL', {
      detail: whyRefused(resolver, query),
    });
  }
  const key = credential.signer.publicKey;
  if (!isCurveNamed(key, read.extensions.get(supportedGroups)))
    throw new TlsError('ERR_NO_SHARED_GROUP', { detail: 'not that of our certificate', rfc: 'RFC 8422 section 5.3' });
  const suites = possible.filter(({ authentication }) => authentication === kindFor(key));
  if (suites.length === 0)
    throw new TlsError('ERR_NO_SHARED_SUITE', {
      detail: `none for a key of kind ${key.kind}`,
      rfc: 'RFC 5246 section 7.4.2',
    });
  const suite = suites.find(({ exchange }) =>
    exchange === 'rsa'
      ? credential.signer.decryptRaw !== undefined && key.kind === 'rsa' && key.pss === undefined
      : chooseScheme(credential, read.schemes, config.signingAlgorithms, TLS_1_2, 'server') !== undefined,
  );
  if (suite === undefined) throw new TlsError('ERR_NO_SHARED_SCHEME', { rfc: 'RFC 5246 section 7.4.1.4.1' });
  return { suite, credential };
}

/** The schemes that could be used: those of the client, and only where a suite is left for keys of their kind. */
function schemesFor(suites: readonly CipherSuite12[], read: ReadHello12, config: ServerConfig): readonly number[] {
  const signing = new Set(suites.filter(({ exchange }) => exchange !== 'rsa').map((suite) => suite.authentication));
  const usable = read.schemes.filter((id) => {
    const scheme = config.signingAlgorithms.find((candidate) => candidate.id === id && candidate.handshake12);
    return scheme !== undefined && signing.has(scheme.algorithm.kind.startsWith('rsa') ? 'rsa' : 'ecdsa');
  });
  if (suites.every(({ exchange }) => exchange !== 'rsa')) return usable;
  // The RSA key exchange signs nothing: any RSA key will do.
  const rsa = config.signatures.filter(({ algorithm }) => algorithm.kind === 'rsa-pkcs1').map(({ id }) => id);
  return [...new Set([...usable, ...rsa])];
}

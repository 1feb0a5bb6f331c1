import { appendFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { autoProvider } from '../../crypto/auto.ts';
import type { CryptoProvider } from '../../crypto/types.ts';
import type { Credential, CredentialResolver } from '../../handshake/peer.ts';
import { resolverOf } from '../../handshake/authentication/credential-fit.ts';
import { createClientContext } from '../../index.ts';
import { loadCredential } from '../../pki/credentials/credential.ts';
import { readCertificates } from '../../pki/path/anchors.ts';
import { revocationChecker } from '../../pki/revocation/revocation.ts';
import { systemRoots } from '../../pki/roots/system.ts';
import { certificateVerifier } from '../../pki/verifiers/verifier.ts';
import type { Certificate } from '../../pki/x509/certificate.ts';
import { client12, client13 } from '../../protocols.ts';
import type { Given, Option } from '../command.ts';
import { Failure, usage } from '../failure.ts';
import { codeOf, readFile, readPassword, type Terminal } from '../terminal.ts';
import { Judge } from './judge.ts';

/** Options that say whom to trust, and who we are: of `connect` and `scan`. */
export const TRUST_OPTIONS: { readonly [name: string]: Option } = {
  anchors: {
    type: 'string',
    value: 'FILE',
    multiple: true,
    help: 'certificates of authorities to trust, in place of the system\'s ("system": those too)',
  },
  crl: { type: 'string', value: 'FILE', multiple: true, help: 'lists of revoked certificates' },
  certificate: { type: 'string', value: 'FILE', multiple: true, help: 'our certificate: PEM, DER, PKCS#12' },
  key: { type: 'string', value: 'FILE', help: 'its private key (default: in the file of the certificate)' },
  'password-file': { type: 'string', value: 'FILE', help: 'its first line opens the key or the PKCS#12 file' },
  'allow-legacy': { type: 'boolean', help: 'open also what is encrypted with Triple DES, RC2 or by way of SHA-1' },
  'server-name': { type: 'string', value: 'NAME', help: 'whom the certificate has to be for (default: HOST)' },
  sni: { type: 'string', value: 'NAME', help: 'the name to ask for (default: --server-name); "" asks for none' },
};

/** What is offered to the server. */
export const OFFER_OPTIONS: { readonly [name: string]: Option } = {
  versions: {
    type: 'string',
    value: 'VERSION',
    words: ['1.3', '1.2'],
    multiple: true,
    help: 'of TLS: 1.3, 1.2 (default: both)',
  },
  alpn: { type: 'string', value: 'NAME', multiple: true, help: 'application protocols, best first: h2,http/1.1' },
  suites: { type: 'string', value: 'NAME', multiple: true, help: 'cipher suites, best first (default: all)' },
  groups: {
    type: 'string',
    value: 'NAME',
    multiple: true,
    help: 'groups of the key exchange, best first (default: all)',
  },
  signatures: { type: 'string', value: 'NAME', multiple: true, help: 'signature schemes, best first (default: all)' },
};

/** Names with commas between them, or one after the other. */
function listOf(given: Given, name: string): readonly string[] | undefined {
  const texts = given.texts(name).flatMap((text) => text.split(','));
  return texts.length === 0 ? undefined : texts.map((text) => text.trim()).filter((text) => text !== '');
}

/** Whom we trust. */
export interface Trust {
  readonly anchors: readonly (Certificate | Uint8Array)[];
  /** For people. */
  readonly from: string;
}

/** @throws Failure, TlsError for files that cannot be read. */
export function readTrust(given: Given, terminal: Terminal): Trust {
  const names = given.texts('anchors');
  if (names.length === 0) {
    const { certificates, from } = systemRoots();
    return { anchors: certificates, from: `${certificates.length} roots of ${from}` };
  }
  const anchors = names.flatMap((name): readonly (Certificate | Uint8Array)[] => {
    if (name === 'system') return systemRoots().certificates;
    const found = readCertificates([readFile(terminal, name)], name);
    if (found.length === 0) throw new Failure(`${name}: there is no certificate in it`);
    return found;
  });
  return { anchors, from: names.join(', ') };
}

/** @throws Failure, TlsError for files that cannot be read. */
export function makeJudge(trust: Trust, given: Given, terminal: Terminal, diagnose: boolean): Judge {
  const crypto = autoProvider();
  const crls = given.texts('crl').map((name) => readFile(terminal, name));
  const verifier = certificateVerifier({
    anchors: [...trust.anchors],
    signatures: crypto.verifier,
    policy: 'warifu connect',
    revocation: revocationChecker({
      hash: crypto.hash,
      ...(crls.length > 0 && { crls }),
      // Where no list is given, only what the server staples speaks, if anything.
      whenMissing: crls.length > 0 ? 'refuse' : 'accept',
    }),
  });
  return new Judge({ verifier, name: given.text('server-name'), diagnose });
}

/** Our certificate and key. @throws Failure, TlsError for files that cannot be read or do not go together. */
export async function readCredential(given: Given, terminal: Terminal): Promise<Credential | undefined> {
  const files = given.texts('certificate');
  const key = given.text('key');
  if (files.length === 0) {
    if (key !== undefined) throw usage('--key: its certificate is wanted too: --certificate FILE');
    return undefined;
  }
  const password = readPassword(terminal, given.text('password-file'));
  return await loadCredential(
    {
      certificates: files.map((name) => readFile(terminal, name)),
      ...(key !== undefined && { privateKey: readFile(terminal, key) }),
      ...(password !== undefined && { password }),
      allowLegacy: given.has('allow-legacy'),
      // A client is not known by names of DNS.
      onProblem: ({ code, message }) => code !== 'NO_NAME' && terminal.note(`warifu: our certificate: ${message}`),
    },
    autoProvider(),
  );
}

/** Shows nothing to a server that was refused: not even who we are. */
function guarded(credential: Credential, judge: Judge, crypto: CryptoProvider): CredentialResolver {
  const resolver = resolverOf(
    () => [credential],
    () => crypto.signatures,
  );
  return Object.assign((query: Parameters<CredentialResolver>[0]) => (judge.refuses ? undefined : resolver(query)), {
    whyNone: (query: Parameters<CredentialResolver>[0]) =>
      judge.refuses ? 'the server is refused' : (resolver.whyNone?.(query) ?? ''),
  });
}

/** What is offered to a server; undefined: everything that there is. */
export interface Offer {
  readonly versions?: readonly ('1.3' | '1.2')[] | undefined;
  readonly suites?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly signatures?: readonly string[] | undefined;
  readonly alpn?: readonly string[] | undefined;
}

/** What the options say of it. @throws Failure */
export function readOffer(given: Given): Offer {
  return {
    versions: versionsOf(given),
    suites: listOf(given, 'suites'),
    groups: listOf(given, 'groups'),
    signatures: listOf(given, 'signatures'),
    alpn: listOf(given, 'alpn'),
  };
}

/** The versions that were named. @throws Failure */
function versionsOf(given: Given): Offer['versions'] {
  return listOf(given, 'versions')?.map((name) => {
    if (name === '1.3' || name === '1.2') return name;
    throw usage(
      `--versions: "${name}" is none of 1.3, 1.2 (TLS 1.1 and older are not spoken; "warifu scan" looks for them)`,
    );
  });
}

/** What is asked for in server_name: a name of DNS that is sent, or an address that is not. */
export function serverNameOf(host: string, given: Given): { readonly serverName: string; readonly isSent: boolean } {
  const sni = given.text('sni');
  const name = given.text('server-name') ?? host;
  if (sni === '') return { serverName: name, isSent: false };
  if (sni !== undefined && isIP(sni) !== 0) throw usage('--sni: an address is never sent (RFC 6066 section 3)');
  return { serverName: sni ?? name, isSent: isIP(sni ?? name) === 0 };
}

/** Lines of a key log go to a file, each as it comes. @throws Failure when it cannot be written. */
export function keyLogTo(name: string, terminal: Terminal): (line: string) => void {
  const path = terminal.path(name);
  const append = (text: string): void => {
    try {
      appendFileSync(path, text, { mode: 0o600 });
    } catch (error) {
      throw new Failure(`${name}: it cannot be written (${codeOf(error)})`);
    }
  };
  append('');
  return (line) => append(`${line}\n`);
}

/** The context of our client. @throws TlsError ERR_OPTION for names that are none. */
export function makeContext(
  { versions = ['1.3', '1.2'], suites, groups, signatures, alpn }: Offer,
  {
    judge,
    credential,
    isSent,
    keyLog,
  }: {
    readonly judge: Judge;
    readonly credential: Credential | undefined;
    readonly isSent: boolean;
    readonly keyLog: ((line: string) => void) | undefined;
  },
): ReturnType<typeof createClientContext> {
  const crypto = autoProvider();
  return createClientContext({
    crypto,
    verifier: judge,
    protocols: versions.map((version) => (version === '1.3' ? client13 : client12)),
    suites,
    groups,
    signatures,
    alpn,
    sendServerName: isSent,
    ...(credential !== undefined && { credential: guarded(credential, judge, crypto) }),
    ...(keyLog !== undefined && { keyLog }),
  });
}

import { equalBytes, toHex } from '../../bytes/bytes.ts';
import { autoProvider } from '../../crypto/auto.ts';
import type { CryptoProvider } from '../../crypto/types.ts';
import { createServerContext, type ServerContext } from '../../contexts.ts';
import { TlsError } from '../../errors.ts';
import type { Credential } from '../../handshake/peer.ts';
import type { ClientHelloSummary, ContextSelection } from '../../handshake/requests.ts';
import type { TicketSealer } from '../../handshake/session.ts';
import { loadCredential } from '../../pki/credentials/credential.ts';
import { readOcspResponse, readOcspResponseData } from '../../pki/revocation/ocsp.ts';
import { readCertificates } from '../../pki/path/anchors.ts';
import { type Certificate, readCertificate } from '../../pki/x509/certificate.ts';
import { type CertificateFacts, factsOf } from '../../pki/x509/facts.ts';
import { orMalformed, isFinding } from '../../pki/x509/verdict.ts';
import { server12, server13 } from '../../protocols.ts';
import { Failure, usage } from '../failure.ts';
import type { ListenSettings } from './options.ts';
import { POLICIES } from './policies.ts';
import type { Snapshot } from './snapshot.ts';
import { clientVerifier, type Revocations } from './trust.ts';

/** From settings and files to what a server is. */

/** What a listener shows and how it judges clients. */
export interface Material {
  readonly context: ServerContext;
  /** Of every certificate that may be shown. */
  readonly certificates: readonly CertificateFacts[];
  readonly credentials: readonly Credential[];
  /** Every certificate in the files of certificates: among them the issuers of ours. */
  readonly given: readonly Certificate[];
  /** Called when everything that belongs together could be loaded. */
  commit(): void;
}

/** What is the same for all loads of a process. */
export interface Shared {
  readonly tickets: TicketSealer | undefined;
  readonly revocations: Revocations;
  /** OCSP responses that were fetched, by the SHA-256 of the certificate. */
  readonly staples: ReadonlyMap<string, Uint8Array>;
  note(text: string): void;
}

/**
 * Loads everything that a listener needs. Nothing that is in use is touched before {@link Material.commit}.
 * @param byName what is different for names: whole settings, by name or `*.name`.
 * @throws Failure, TlsError: which file is wrong, and how.
 */
export async function loadMaterial(
  settings: ListenSettings,
  byName: ReadonlyMap<string, ListenSettings>,
  files: Snapshot,
  shared: Shared,
): Promise<Material> {
  const crypto = autoProvider();
  const acts: (() => void)[] = [];
  const commit = (act: () => void): void => void acts.push(act);
  const own = await loadCredentials(settings, files, crypto, shared);
  const verifier = clientVerifier(settings, files, crypto, shared.revocations, commit, shared.note);
  const contexts = new Map<string, ServerContext>();
  const all = [...own];
  const base = {
    alpn: alpnOf(settings),
    ...(settings.advertise === 'none' && { authorities: [] }),
    ...tlsOptions(settings),
    resumption:
      settings.tickets === 'off'
        ? (false as const)
        : {
            ...(shared.tickets !== undefined && { tickets: shared.tickets }),
            ticketLifetime: Math.max(1, Math.round(settings['ticket-lifetime'] / 1_000)),
            context: `warifu listen ${settings.name ?? ''}`,
          },
  };
  for (const [name, special] of byName) {
    const credentials = isSame(special, settings) ? own : await loadCredentials(special, files, crypto, shared);
    if (credentials !== own) all.push(...credentials);
    const judge = clientVerifier(special, files, crypto, shared.revocations, commit, shared.note);
    const { resumption } = base;
    const context = createServerContext({
      ...base,
      credential: credentials,
      alpn: alpnOf(special),
      clientAuth: clientAuthOf(special),
      ...(judge !== undefined && { verifier: judge }),
      // Sessions of one name are not resumed under another.
      resumption: resumption === false ? false : { ...resumption, context: `${resumption.context} ${name}` },
    });
    await context.ready;
    contexts.set(name, context);
  }
  const context = createServerContext({
    ...base,
    credential: own,
    clientAuth: clientAuthOf(settings),
    ...(verifier !== undefined && { verifier }),
    requireServerName: settings['unknown-name'] === 'refuse',
    selectContext: selector(settings, own, contexts),
  });
  await context.ready;
  const hash = crypto.hash;
  const facts = all.flatMap(({ chain: [leaf] }) => (leaf === undefined ? [] : [factsOf(leaf, { hash })]));
  return {
    context,
    certificates: facts,
    credentials: all,
    given: [settings, ...byName.values()].flatMap(({ certificate }) =>
      certificate.flatMap((name) => certificatesIn(files.read(name))),
    ),
    commit: () => {
      for (const act of acts.splice(0)) act();
    },
  };
}

/** The credentials that settings name, the default first. */
async function loadCredentials(
  settings: ListenSettings,
  files: Snapshot,
  crypto: CryptoProvider,
  shared: Shared,
): Promise<readonly Credential[]> {
  const { certificate: names } = settings;
  if (names.length === 0)
    throw usage(
      'certificate: it is needed: --certificate server.crt --key server.key; "warifu ca server NAME" makes both',
    );
  const password = passwordOf(settings['password-file'], files);
  const unused = new Set(settings.key);
  const credentials: Credential[] = [];
  for (const name of names) {
    const { credential, key } = await loadPair(name, settings.key, password, files, crypto, shared.note);
    if (key !== undefined) unused.delete(key);
    credentials.push(credential);
  }
  const [left] = unused;
  if (left !== undefined) throw new Failure(`${left}: this key belongs to none of ${names.join(', ')}`);
  const stapled = withStaples(credentials, settings['staple-file'], files, crypto, shared.staples);
  const wanted = settings['default-name'];
  if (wanted === undefined) return stapled;
  const first = stapled.filter((one) => one.hints?.names.some((pattern) => serves(pattern, wanted)));
  if (first.length === 0) throw usage(`default-name: none of the certificates is for ${wanted}`);
  return [...first, ...stapled.filter((one) => !first.includes(one))];
}

async function loadPair(
  name: string,
  keys: readonly string[],
  password: string | undefined,
  files: Snapshot,
  crypto: CryptoProvider,
  note: (text: string) => void,
): Promise<{ readonly credential: Credential; readonly key: string | undefined }> {
  const certificates = files.read(name);
  let reason: TlsError | undefined;
  for (const key of [...keys, undefined]) {
    try {
      const credential = await loadCredential(
        {
          certificates,
          ...(key !== undefined && { privateKey: files.read(key) }),
          ...(password !== undefined && { password }),
          onProblem: ({ message }) => note(`${name}: ${message}`),
        },
        crypto,
      );
      return { credential, key };
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      if (error.code !== 'ERR_KEY') throw new Failure(`${key ?? name}: ${error.message}`);
      reason ??= error;
    }
  }
  throw new Failure(
    `${name}${keys.length === 0 ? '' : `, with ${keys.join(', ')}`}: ${reason?.message ?? 'it cannot be used'}`,
  );
}

function passwordOf(name: string | undefined, files: Snapshot): string | undefined {
  if (name === undefined) return undefined;
  const [line = ''] = new TextDecoder().decode(files.read(name)).split(/\r?\n/);
  if (line === '') throw new Failure(`${name}: its first line, which is to be the password, is empty`);
  return line;
}

/** Each response goes to the certificate with the serial number that it speaks of. */
function withStaples(
  credentials: readonly Credential[],
  names: readonly string[],
  files: Snapshot,
  crypto: CryptoProvider,
  fetched: ReadonlyMap<string, Uint8Array>,
): readonly Credential[] {
  const hash = crypto.hash('sha256');
  const staples = credentials.map(({ chain: [leaf] }) => leaf && fetched.get(toHex(hash.digest(leaf))));
  for (const name of names) {
    const response = files.read(name);
    const data = orMalformed(() => {
      const { basic } = readOcspResponse(response);
      return basic === undefined ? undefined : readOcspResponseData(basic.data);
    }, 'RFC 6960 section 4.2.1');
    if (data === undefined || isFinding(data))
      throw new Failure(`${name}: it is no OCSP response that says anything${isFinding(data) ? `: ${data.what}` : ''}`);
    const at = credentials.findIndex(({ chain: [leaf] }) => {
      const serial = leaf && readCertificate(leaf).serial;
      return serial !== undefined && data.responses.some(({ certId }) => equalBytes(certId.serial, serial));
    });
    if (at < 0) throw new Failure(`${name}: this response is about none of the certificates`);
    staples[at] = response;
  }
  return credentials.map((one, index) => {
    const ocspResponse = staples[index];
    return ocspResponse === undefined ? one : { ...one, ocspResponse };
  });
}

/** Of a file with nothing but PEM or DER; of others there is none. */
function certificatesIn(file: Uint8Array): readonly Certificate[] {
  try {
    return readCertificates([file], 'certificate', () => {});
  } catch (error) {
    if (error instanceof TlsError) return [];
    throw error;
  }
}

type Select = (hello: ClientHelloSummary) => ContextSelection | ServerContext | undefined;

/** By exact name, then by wildcard; the name in the hello decides, whatever the certificates say. */
function selector(
  settings: ListenSettings,
  own: readonly Credential[],
  contexts: ReadonlyMap<string, ServerContext>,
): Select {
  return ({ serverName }) => {
    const name = serverName?.toLowerCase().replace(/\.$/, '');
    const special =
      name === undefined
        ? undefined
        : (contexts.get(name) ?? contexts.get(`*${name.slice(Math.max(0, name.indexOf('.')))}`));
    if (special !== undefined) return special;
    if (settings['unknown-name'] !== 'refuse') return undefined;
    const isOurs = name !== undefined && own.some((one) => one.hints?.names.some((pattern) => serves(pattern, name)));
    return isOurs ? undefined : { credential: () => undefined, name: 'unknown name' };
  };
}

function serves(pattern: string, name: string): boolean {
  const wanted = pattern.toLowerCase();
  if (!wanted.startsWith('*.')) return wanted === name;
  const dot = name.indexOf('.');
  return dot > 0 && name.slice(dot) === wanted.slice(1);
}

function isSame(special: ListenSettings, settings: ListenSettings): boolean {
  return (
    JSON.stringify([special.certificate, special.key, special['password-file'], special['staple-file']]) ===
    JSON.stringify([settings.certificate, settings.key, settings['password-file'], settings['staple-file']])
  );
}

function clientAuthOf({ auth }: ListenSettings): 'none' | 'request' | 'optional' | 'require' {
  return auth === 'one-way' ? 'none' : auth;
}

function alpnOf({ alpn, http }: ListenSettings): readonly string[] {
  if (!http) return alpn;
  const odd = alpn.find((name) => name !== 'h2' && name !== 'http/1.1');
  if (odd !== undefined) throw usage(`alpn: with http it is h2 and http/1.1, not ${odd}`);
  return alpn.length > 0 ? alpn : ['h2', 'http/1.1'];
}

function tlsOptions(settings: ListenSettings): {
  readonly protocols: readonly (typeof server12 | typeof server13)[];
  readonly suites?: readonly string[];
  readonly groups?: readonly string[];
} {
  const policy = POLICIES[settings.policy];
  const versions = settings.versions.length > 0 ? settings.versions : policy.versions;
  const suites = settings.suites.length > 0 ? settings.suites : policy.suites;
  const groups = settings.groups.length > 0 ? settings.groups : policy.groups;
  return {
    protocols: [server13, server12].filter(({ version }) => versions.includes(version === 0x0304 ? '1.3' : '1.2')),
    ...(suites !== undefined && { suites }),
    ...(groups !== undefined && { groups }),
  };
}

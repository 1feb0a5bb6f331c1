import { ownOf } from '../bytes/shape.ts';
import type { SecureContextOptions } from 'node:tls';
import { equalBytes } from '../bytes/bytes.ts';
import { autoProvider } from '../crypto/auto.ts';
import {
  type ClientContext,
  createClientContext,
  createServerContext,
  type ServerContext,
  type ServerContextOptions,
} from '../contexts.ts';
import { legacyClient12, legacyServer12 } from '../legacy.ts';
import type { Credential, CredentialResolver, PeerVerifier } from '../handshake/peer.ts';
import { credentialResolver } from '../handshake/authentication/choose-credential.ts';
import { readCertificates } from '../pki/path/anchors.ts';
import { revocationChecker } from '../pki/revocation/revocation.ts';
import { certificateVerifier } from '../pki/verifiers/verifier.ts';
import { isPromise } from '../bytes/promise.ts';
import { client12, client13, server12, server13 } from '../protocols.ts';
import { defaultVerifier, getCACertificates, verifierFor } from './authorities.ts';
import { checkFile, checkObject } from './arguments.ts';
import { type Materials, readMaterials, sealerOf } from './context-options.ts';
import { opensslError } from './node-errors.ts';

type ClientOptions = Parameters<typeof createClientContext>[0];

/** Servers with one secure context differ in little. */
const MAX_SHARED = 16;

/** What a {@link SecureContext} holds. In node:tls this is a handle of OpenSSL; here it makes contexts of ours. */
export class ContextCore {
  readonly materials: Materials;
  readonly #servers: Map<string, ServerContext> = new Map();
  #verifier: PeerVerifier | undefined;

  /** @throws what `createSecureContext` throws. */
  constructor(options: object) {
    this.materials = readMaterials(options);
  }

  /** Finds a path to an authority; any name is left to the connection. */
  get verifier(): PeerVerifier {
    this.#verifier ??= this.#makeVerifier();
    return this.#verifier;
  }

  /** DER of the certificate that is shown first, and of what follows it. */
  get chain(): readonly Uint8Array[] {
    return this.materials.credentials.find((one): one is Credential => !isPromise(one))?.chain ?? [];
  }

  /** Waits for those of files with a password. */
  async load(): Promise<void> {
    this.materials.credentials = await Promise.all(this.materials.credentials);
  }

  /** DER of the certificate that issued ours, where it is among the authorities. */
  get issuer(): Uint8Array | undefined {
    const [leaf] = readCertificates(this.chain.slice(0, 1), 'cert');
    const known = (this.materials.authorities ?? []).flatMap((one) => readCertificates(one, 'ca'));
    return leaf && known.find(({ subject }) => equalBytes(subject, leaf.issuer))?.der;
  }

  /** One more authority. */
  addCACert(certificate: unknown): void {
    const { authorities } = this.materials;
    this.materials.authorities = [...(authorities ?? getCACertificates()), checkFile(certificate, 'cert')];
    this.#verifier = undefined;
    this.#servers.clear();
  }

  getTicketKeys(): Buffer {
    return Buffer.from(this.materials.ticketKeys);
  }

  setTicketKeys(keys: Uint8Array): void {
    this.materials.ticketKeys = keys.slice();
    this.materials.tickets = sealerOf(this.materials.ticketKeys);
    this.#servers.clear();
  }

  /** A server context that many connections share, since nothing in it is one connection's. */
  sharedServer(name: string, make: () => ServerContext): ServerContext {
    const found = this.#servers.get(name) ?? make();
    if (this.#servers.size < MAX_SHARED) this.#servers.set(name, found);
    return found;
  }

  /** @throws Error, TlsError where nothing can be spoken with these options. */
  client(options: Partial<ClientOptions>): ClientContext {
    options = ownOf(options);
    const { credentials, ciphers } = this.materials;
    const crypto = autoProvider();
    const modern = ciphers.legacy ? legacyClient12(crypto) : client12;
    return createClientContext({
      ...this.#common(options.suites),
      protocols: this.#protocols(client13, modern),
      requireRenegotiationInfo: !this.materials.legacyServers,
      ...(credentials.length > 0 && { credential: this.#credential() }),
      ...options,
    });
  }

  /** @throws Error, TlsError where nothing can be spoken with these options. */
  server(options: Partial<ServerContextOptions>): ServerContext {
    options = ownOf(options);
    const { ciphers, preference, sessionTimeout, withoutTickets, tickets, sessionIdContext } = this.materials;
    const crypto = autoProvider();
    const modern = ciphers.legacy ? legacyServer12(crypto) : server12;
    const { resumption, ...others } = options;
    return createServerContext({
      ...this.#common(options.suites),
      protocols: this.#protocols(server13, modern),
      credential: this.#credential(),
      preference,
      resumption: {
        tickets: withoutTickets ? false : tickets,
        ...(sessionTimeout !== undefined &&
          sessionTimeout > 0 && { ticketLifetime: Math.min(sessionTimeout, 604_800) }),
        ...(sessionIdContext !== undefined && { context: sessionIdContext }),
        ...(typeof resumption === 'object' ? resumption : {}),
      },
      ...others,
    });
  }

  /** Shows the first that the peer can verify. Without any there is no cipher to share. */
  resolver(): CredentialResolver {
    const crypto = autoProvider();
    const { credentials } = this.materials;
    const ready = credentials.filter((one): one is Credential => !isPromise(one));
    const use = { signingAlgorithms: crypto.signatures };
    if (ready.length === credentials.length) return credentialResolver(ready, use);
    return async (query) => credentialResolver(await Promise.all(credentials), use)(query);
  }

  #credential(): readonly Credential[] | CredentialResolver {
    const { credentials } = this.materials;
    const ready = credentials.filter((one): one is Credential => !isPromise(one));
    return ready.length === credentials.length && ready.length > 0 ? ready : this.resolver();
  }

  #common(
    suites: ClientOptions['suites'],
  ): Pick<ClientOptions, 'crypto' | 'suites' | 'groups' | 'signatures' | 'certificateSignatures'> {
    const { ciphers, groups, signatures, versions } = this.materials;
    const crypto = autoProvider();
    const names13 = crypto.suites.filter(({ version }) => version === 0x0304).map(({ name }) => name);
    const wanted = ciphers.suites.filter((name) => versions.includes(names13.includes(name) ? 'TLSv1.3' : 'TLSv1.2'));
    if (wanted.length === 0 && suites === undefined) throw opensslError('no ciphers available');
    return {
      crypto,
      suites: suites ?? wanted,
      ...(groups !== undefined && { groups }),
      // What a certificate is signed with is another matter to OpenSSL.
      ...(signatures !== undefined && {
        signatures,
        certificateSignatures: crypto.signatures.map(({ name }) => name),
      }),
    };
  }

  #protocols<T>(modern: T, older: T): readonly T[] {
    const { versions, ciphers } = this.materials;
    const names12 = ciphers.suites.filter((name) => name.includes('_WITH_'));
    const protocols = [
      ...(versions.includes('TLSv1.3') ? [modern] : []),
      ...(versions.includes('TLSv1.2') && names12.length > 0 ? [older] : []),
    ];
    if (protocols.length === 0) throw opensslError('no protocols available');
    return protocols;
  }

  #makeVerifier(): PeerVerifier {
    const { authorities, crls, ciphers } = this.materials;
    const level = ciphers.securityLevel;
    if (crls.length === 0 && level === undefined)
      return authorities === undefined ? defaultVerifier() : verifierFor(authorities);
    const { verifier: signatures, hash } = autoProvider();
    return certificateVerifier({
      anchors: authorities ?? getCACertificates(),
      signatures,
      allowNoServerName: true,
      ...(level !== undefined && { minRsaBits: level < 2 ? 1024 : level === 2 ? 2048 : 3072 }),
      ...(crls.length > 0 && {
        revocation: revocationChecker({ hash, crls, requireCrlNumber: false, whenBadStaple: 'ignore' }),
      }),
    });
  }
}

/** Options of certificates, keys, versions and ciphers, read once for many connections. */
export class SecureContext {
  /** For `tls.connect` and servers. */
  readonly context: ContextCore;

  /**
   * Prefer {@link createSecureContext}.
   * @param options all others; where they are given the first four are looked for among them.
   * @throws what `createSecureContext` throws.
   */
  constructor(
    secureProtocol?: string,
    secureOptions?: number,
    minVersion?: string,
    maxVersion?: string,
    options?: object,
  ) {
    this.context = new ContextCore(options ?? { secureProtocol, secureOptions, minVersion, maxVersion });
  }
}

/**
 * Reads options of certificates, keys, versions and ciphers, in the names and forms of node:tls.
 * @throws TypeError for a value of the wrong type, in Node's words; Error with OpenSSL's code for files that cannot be read;
 *   TlsError ERR_OPTION for what OpenSSL can and we do not.
 *
 * @example
 * ```ts
 * import { createSecureContext } from 'warifu/tls';
 * const context = createSecureContext({ minVersion: 'TLSv1.3', ciphers: 'TLS_AES_256_GCM_SHA384' });
 * context.context.getTicketKeys().length; // 48
 * ```
 */
export function createSecureContext(options: SecureContextOptions = {}): SecureContext {
  return secureContext(options);
}

/** The same for options of which nothing is known yet. */
export function secureContext(options: object): SecureContext {
  const given = options || {};
  checkObject(given, 'options');
  return new SecureContext(undefined, undefined, undefined, undefined, given);
}

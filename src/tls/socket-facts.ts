import type { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import { equalBytes } from '../bytes/bytes.ts';
import { autoProvider } from '../crypto/auto.ts';
import type { Engine } from '../engine/engine.ts';
import { TlsSocket } from '../node/socket.ts';
import type { TransportOptions } from '../transport/options.ts';
import { type EphemeralKey, ephemeralKey, signatureName } from './algorithms.ts';
import { checkInteger, checkString, checkView, coded } from './arguments.ts';
import type { Judgement } from './judge.ts';
import { verificationWords } from './node-errors.ts';
import { legacyCertificate, x509 } from './peer-shapes.ts';
import type { HandshakeRecord } from './record.ts';
import type { ContextCore } from './secure-context.ts';
import type { OneSession } from './sessions.ts';

/** What a socket is asked about its connection. */
export interface Facts {
  core: ContextCore;
  readonly isServer: boolean;
  /** Is the peer asked for a certificate? */
  readonly requests: boolean;
  /** Client: is it known which server is meant? */
  hasHost: boolean;
  /** Client: sent to the server. */
  serverName: string | undefined;
  readonly judgement: Judgement;
  readonly record: HandshakeRecord;
  readonly session: OneSession;
}

/** The half of `tls.TLSSocket` that says what a connection is. */
export abstract class SocketFacts extends TlsSocket {
  protected readonly facts: Facts;

  constructor(
    engine: Promise<Engine>,
    below: Duplex,
    options: TransportOptions,
    readableHighWaterMark: number,
    facts: Facts,
  ) {
    super(engine, below, options, undefined, readableHighWaterMark);
    this.facts = facts;
  }

  /** As in node:tls: to clients of HTTP that have their answer an alert behind it would be an error. */
  protected override isSilent(): boolean {
    return true;
  }

  /** Is the peer who it has to be? Of a server that does not ask for certificates: false. */
  override get authorized(): boolean {
    if (!this.facts.requests || this.facts.judgement.failure !== undefined) return false;
    return super.authorized && (this.facts.isServer || this.facts.hasHost);
  }

  /** Why the peer is not trusted, as a code of OpenSSL; null: it is, or it has not been asked. */
  override get authorizationError(): string | null {
    const { failure, error, shown } = this.facts.judgement;
    if (error !== undefined) return codeOf(error);
    if (failure !== undefined) return verificationWords(failure, shown)[0];
    const { peer } = this.info;
    if (peer !== undefined && !peer.verdict.ok) return verificationWords(peer.verdict.failure, peer.chain)[0];
    return this.facts.isServer &&
      this.facts.requests &&
      this.isSecure &&
      peer === undefined &&
      this.info.psk === undefined
      ? 'UNABLE_TO_GET_ISSUER_CERT'
      : null;
  }

  /** The name that the client sent; false: none. Null until the handshake is done. */
  override get servername(): string | false | null {
    if (this.facts.isServer) return this.isSecure ? super.servername : (this.info.serverName ?? null);
    return this.isSecure ? (this.facts.serverName ?? false) : null;
  }

  override getPeerCertificate(detailed: true): DetailedPeerCertificate;
  override getPeerCertificate(detailed?: false): PeerCertificate;
  override getPeerCertificate(detailed: boolean = false): PeerCertificate | DetailedPeerCertificate {
    const { peer } = this.info;
    if (peer === undefined) return legacyCertificate([], [], false);
    return legacyCertificate(peer.chain, peer.verdict.ok ? peer.verdict.path : [], detailed);
  }

  override getPeerX509Certificate(): X509Certificate | undefined {
    const { peer } = this.info;
    return x509(peer?.verdict.ok === true ? peer.verdict.path : (peer?.chain ?? []));
  }

  /** Our own certificate in Node's shape; `{}`: there is none. */
  getCertificate(): PeerCertificate | object {
    return legacyCertificate(this.#ownChain().slice(0, 1), [], false);
  }

  /** Our own certificate; undefined: there is none. */
  getX509Certificate(): X509Certificate | undefined {
    return x509(this.#ownChain());
  }

  /** The key exchange; `{}` where OpenSSL has no name for it, null on a server. */
  getEphemeralKeyInfo(): EphemeralKey | null {
    return this.facts.isServer ? null : ephemeralKey(this.info.group);
  }

  /** Server: the signature algorithms that both sides know, in the client's order. */
  getSharedSigalgs(): string[] {
    const { signatures: chosen } = this.facts.core.materials;
    const ours = autoProvider().signatures.filter(({ name }) => chosen === undefined || chosen.includes(name));
    const shared = this.facts.record.clientSchemes.flatMap((id) => ours.filter((scheme) => scheme.id === id));
    return [...new Set(shared.map(({ name }) => signatureName(name)))];
  }

  /** verify_data of our Finished; undefined before it was sent. */
  getFinished(): Buffer | undefined {
    return bufferOrNone(this.facts.record.finished(this.facts.isServer ? 'server' : 'client'));
  }

  /** verify_data of the peer's Finished; undefined before it came. */
  getPeerFinished(): Buffer | undefined {
    return bufferOrNone(this.facts.record.finished(this.facts.isServer ? 'client' : 'server'));
  }

  /**
   * Client: what `setSession` of another connection takes. With TLS 1.3 there is none before 'session' tells of it: what is
   * given until then is never resumed. Undefined on a server, and before the handshake is done.
   */
  getSession(): Buffer | undefined {
    if (this.facts.isServer) return undefined;
    return this.facts.session.latest ?? (this.isSecure ? Buffer.from('none yet') : undefined);
  }

  /** Client: the ticket in it. */
  getTLSTicket(): Buffer | undefined {
    return bufferOrNone(this.facts.session.ticket);
  }

  override exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    checkInteger(length, 'length', 1, 2 ** 32 - 1);
    checkString(label, 'label');
    if (context !== undefined) checkView(context, 'context');
    if (!this.isSecure)
      throw coded(new Error('TLS socket connection must be securely established'), 'ERR_TLS_INVALID_STATE');
    return super.exportKeyingMaterial(length, label, context);
  }

  #ownChain(): readonly Uint8Array[] {
    const { ownCertificate } = this.info;
    const { chain } = this.facts.core;
    return ownCertificate === undefined || equalBytes(ownCertificate, chain[0] ?? NONE) ? chain : [ownCertificate];
  }
}

const NONE: Uint8Array = new Uint8Array(0);

function codeOf(error: Error): string {
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : error.message;
}

function bufferOrNone(bytes: Uint8Array | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes);
}

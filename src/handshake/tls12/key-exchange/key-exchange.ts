import { wipe } from '../../../bytes/bytes.ts';
import type { CipherSuite12, PublicKey } from '../../../crypto/types.ts';
import { keySizesOf, type MainSecret12, type Randoms, TrafficKeys12 } from '../../../keys/schedule12.ts';
import type { Transcript } from '../../../keys/transcript.ts';
import type { Context, Direction } from '../../context.ts';
import type { Credential, Role } from '../../peer.ts';
import type { Step } from '../../requests.ts';
import type { Config } from '../../config.ts';

/**
 * How the secret of TLS 1.2 is agreed on. The default knows ephemeral ECDH; the one for old devices adds to it, in an entry
 * of its own, so that no bundle carries what was not asked for.
 */
export interface KeyExchange12 {
  /** Key exchanges whose parameters the server signs, by the name that the suites use. */
  readonly signed: { readonly [N in 'ecdhe' | 'dhe']?: SignedExchange12 };
  /** The RSA key exchange: the client encrypts the secret under the key of the server's certificate. */
  readonly transport?: KeyTransport12;
  /** Offer and accept encrypt_then_mac (RFC 7366)? */
  readonly encryptThenMac: boolean;
}

export interface SignedExchange12 {
  /** Client: reads ServerKeyExchange. */
  read(body: Uint8Array, context: Context<Config>): ServerParams12;
  /** Server: makes the parameters, for a client that knows these groups. */
  offer(groups: readonly number[], context: Context<Config>): Step<ServerOffer12>;
  /** Server: can we agree with a client that knows these groups? */
  fits(groups: readonly number[], context: Context<Config>): boolean;
}

/** What a server sent, its signature not checked yet. */
export interface ServerParams12 {
  /** The bytes that are signed, behind the two randoms. */
  readonly bytes: Uint8Array;
  /** SignatureScheme. */
  readonly scheme: number;
  readonly signature: Uint8Array;
  respond(context: Context<Config>): Step<Response12>;
}

/** What a client answers, and what both will know. */
export interface Response12 {
  /** Body of ClientKeyExchange. */
  readonly body: Uint8Array;
  readonly preMain: Uint8Array;
  /** NamedGroup; undefined: there is none, or it has no name. */
  readonly group: number | undefined;
}

export interface ServerOffer12 {
  /** NamedGroup. */
  readonly group: number;
  readonly bytes: Uint8Array;
  /** Reads ClientKeyExchange. */
  accept(body: Uint8Array, context: Context<Config>): Step<Uint8Array>;
  dispose(): void;
}

export interface KeyTransport12 {
  /** Client. */
  respond(key: PublicKey, context: Context<Config>): Step<Response12>;
  /** Server: never says whether the padding was good (RFC 5246 section 7.4.7.1). */
  accept(body: Uint8Array, credential: Credential, offered: number, context: Context<Config>): Step<Uint8Array>;
}

/** What both hellos have settled. */
export interface Agreed12 {
  readonly keyExchange: KeyExchange12;
  readonly suite: CipherSuite12;
  readonly randoms: Randoms;
  /** extended_master_secret (RFC 7627). */
  readonly extended: boolean;
  /** encrypt_then_mac (RFC 7366). */
  readonly encryptThenMac: boolean;
  /** Hashed as the suite says. */
  readonly transcript: Transcript;
  /** Kept as they are, because CertificateVerify is hashed as its own scheme says (RFC 5246 section 7.4.8). */
  readonly messages: Transcript;
}

/** Adds a message to both records of the handshake. */
export function record(data: Agreed12, message: Uint8Array): void {
  data.transcript.add(message);
  data.messages.add(message);
}

/** Cuts the key block; gives back the keys of one direction. */
export function trafficKeysOf(
  { suite, encryptThenMac }: Agreed12,
  main: MainSecret12,
  direction: Direction,
  context: Context<Config>,
): TrafficKeys12 {
  const { role } = context.config;
  const peer: Role = role === 'client' ? 'server' : 'client';
  const block = main.keyBlock(keySizesOf(suite));
  const [used, other] = direction === 'write' ? [block[role], block[peer]] : [block[peer], block[role]];
  wipe(other.key, other.iv, other.macKey);
  return new TrafficKeys12(suite, used, encryptThenMac);
}

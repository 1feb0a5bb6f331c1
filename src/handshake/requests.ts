import type { KeyExchange, KeyOffer, PublicKey, SignatureScheme } from '../crypto/types.ts';
import type { Step } from './machine.ts';
import type { Credential, CredentialQuery, PeerVerifier, PresentedPeer, Verdict } from './peer.ts';
import type { ClientSession, EarlyDataUse, ExternalPsk, SessionPeer } from './session.ts';

/**
 * The closed list of reasons to wait. A step yields one of these, the engine hands it out, and goes on when it is
 * answered: at once where the provider is synchronous, later where it answers with a promise.
 *
 * | kind | asked of | why |
 * | --- | --- | --- |
 * | offer | provider | make a key share for the ClientHello |
 * | agree | provider | finish the key exchange (client) |
 * | accept | provider | answer a key share (server) |
 * | context | program | choose credentials and rules by what the client asks for (server) |
 * | credential | program | choose a certificate |
 * | verifyPeer | verifier | is the peer who it has to be? |
 * | verifySignature | provider | does the peer hold the private key? |
 * | sign | signer | prove that we hold ours |
 * | decrypt | signer | read the secret of the classic exchange (server, TLS 1.2) |
 * | loadSession | store | is there a session to resume? (client) |
 * | recheck | verifier | is the peer of a session still good? |
 * | sealTicket | keeper | make a ticket (server) |
 * | openTicket | keeper | what does this ticket hold? (server) |
 * | loadState | store | what was kept under this session id? (server, TLS 1.2) |
 * | storeState | store | keep it under this session id (server, TLS 1.2) |
 * | findPsk | program | whose key is this identity? (server) |
 * | firstUse | guard | has this early data been here before? (server) |
 */
export interface Requests {
  offer: { ask: { readonly group: KeyExchange }; answer: KeyOffer };
  agree: { ask: { readonly offer: KeyOffer; readonly share: Uint8Array }; answer: Uint8Array };
  accept: {
    ask: { readonly group: KeyExchange; readonly share: Uint8Array };
    answer: { readonly share: Uint8Array; readonly secret: Uint8Array };
  };
  context: { ask: ClientHelloSummary; answer: ContextSelection | undefined };
  credential: {
    ask: { readonly query: CredentialQuery; readonly context: ContextSelection | undefined };
    answer: Credential | undefined;
  };
  verifyPeer: { ask: { readonly verifier: PeerVerifier; readonly peer: PresentedPeer }; answer: Verdict };
  verifySignature: {
    ask: {
      readonly scheme: SignatureScheme;
      readonly key: PublicKey;
      readonly input: Uint8Array;
      readonly signature: Uint8Array;
    };
    answer: boolean;
  };
  sign: {
    ask: { readonly credential: Credential; readonly scheme: number; readonly input: Uint8Array };
    answer: Uint8Array;
  };
  /** The bare encoding, its padding not looked at; undefined: the ciphertext is no number for this key. */
  decrypt: {
    ask: { readonly credential: Credential; readonly ciphertext: Uint8Array };
    answer: Uint8Array | undefined;
  };
  loadSession: { ask: { readonly key: string }; answer: ClientSession | undefined };
  /** Undefined: nobody could say, which is as good as no. */
  recheck: {
    ask: { readonly verifier: PeerVerifier; readonly peer: PresentedPeer; readonly before: SessionPeer['verdict'] };
    answer: Verdict | undefined;
  };
  /** `lifetime` is in seconds. */
  sealTicket: {
    ask: { readonly state: Uint8Array; readonly lifetime: number; readonly now: number };
    answer: Uint8Array | undefined;
  };
  openTicket: { ask: { readonly ticket: Uint8Array; readonly now: number }; answer: Uint8Array | undefined };
  loadState: { ask: { readonly key: string }; answer: Uint8Array | undefined };
  /** `until` is in milliseconds since 1970. */
  storeState: {
    ask: { readonly key: string; readonly state: Uint8Array; readonly until: number };
    answer: undefined;
  };
  findPsk: { ask: { readonly identity: Uint8Array }; answer: ExternalPsk | undefined };
  firstUse: { ask: EarlyDataUse; answer: boolean | undefined };
}

export type RequestKind = keyof Requests;
export interface RequestBody<K extends RequestKind> {
  readonly kind: K;
  readonly ask: Requests[K]['ask'];
}
export type AnyRequestBody = { [K in RequestKind]: RequestBody<K> }[RequestKind];

/** A question that the engine has handed out. Answer it exactly once. */
export interface Request<K extends RequestKind> extends RequestBody<K> {
  /** @throws TlsError ERR_STATE when it has been answered already. Ignored once the engine has failed or closed. */
  answer(value: Requests[K]['answer']): void;
  /** The question could not be answered; the handshake ends. */
  refuse(reason: unknown): void;
}
export type AnyRequest = { [K in RequestKind]: Request<K> }[RequestKind];

/** Asks, from inside a step. */
export function* request<K extends RequestKind>(kind: K, ask: Requests[K]['ask']): Step<Requests[K]['answer']> {
  // A generator's next() is untyped; `answer` above takes only the type that goes with the kind.
  return (yield { kind, ask } as AnyRequestBody) as Requests[K]['answer'];
}

/** What a client asked for, before the server has chosen anything. */
export interface ClientHelloSummary {
  readonly serverName: string | undefined;
  readonly alpn: readonly string[];
  readonly versions: readonly number[];
  readonly suites: readonly number[];
  readonly groups: readonly number[];
  readonly schemes: readonly number[];
  /** The whole message, for fingerprints. */
  readonly raw: Uint8Array;
}

/** What a server may choose anew for each client; what is left out is taken from the server's options. */
export interface ContextSelection {
  readonly credential?: (query: CredentialQuery) => Credential | undefined | Promise<Credential | undefined>;
  readonly alpn?: readonly string[];
  readonly clientAuth?: 'none' | 'request' | 'optional' | 'require';
  readonly verifier?: PeerVerifier;
  /**
   * Names this choice for sessions: one that began under another name is not resumed. Default: the certificates, where
   * the server's own are used, and a name that nothing else has where `credential` is chosen here.
   */
  readonly name?: string;
}

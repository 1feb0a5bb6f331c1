import type { KeyExchange, KeyOffer, PublicKey, SignatureScheme } from '../crypto/types.ts';
import type { Step } from './machine.ts';
import type { Credential, CredentialQuery, PeerVerifier, PresentedPeer, Verdict } from './peer.ts';

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
 */
export interface Questions {
  offer: { ask: { readonly group: KeyExchange }; answer: KeyOffer };
  agree: { ask: { readonly offer: KeyOffer; readonly share: Uint8Array }; answer: Uint8Array };
  accept: {
    ask: { readonly group: KeyExchange; readonly share: Uint8Array };
    answer: { readonly share: Uint8Array; readonly secret: Uint8Array };
  };
  context: { ask: ClientHelloSummary; answer: ServerContext | undefined };
  credential: {
    ask: { readonly query: CredentialQuery; readonly context: ServerContext | undefined };
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
}

export type QuestionKind = keyof Questions;
export interface Question<K extends QuestionKind> {
  readonly kind: K;
  readonly ask: Questions[K]['ask'];
}
export type AnyQuestion = { [K in QuestionKind]: Question<K> }[QuestionKind];

/** A question that the engine has handed out. Answer it exactly once. */
export interface Need<K extends QuestionKind> extends Question<K> {
  /** @throws TlsError ERR_STATE when it has been answered already. Ignored once the engine has failed or closed. */
  answer(value: Questions[K]['answer']): void;
  /** The question could not be answered; the handshake ends. */
  refuse(reason: unknown): void;
}
export type AnyNeed = { [K in QuestionKind]: Need<K> }[QuestionKind];

/** Asks, from inside a step. */
export function* need<K extends QuestionKind>(kind: K, ask: Questions[K]['ask']): Step<Questions[K]['answer']> {
  // A generator's next() is untyped; `answer` above takes only the type that goes with the kind.
  return (yield { kind, ask } as AnyQuestion) as Questions[K]['answer'];
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
export interface ServerContext {
  readonly credential?: (query: CredentialQuery) => Credential | undefined | Promise<Credential | undefined>;
  readonly alpn?: readonly string[];
  readonly clientAuth?: 'none' | 'request' | 'optional' | 'require';
  readonly verifier?: PeerVerifier;
}

import type { AeadJob, BulkAead, KeyExchange, KeyOffer, MaybePromise, PublicKey, Random } from '../crypto/types.ts';
import type { SignatureScheme, SignatureVerifier } from '../crypto/types.ts';
import { isPromise } from '../bytes/promise.ts';
import type { LocalFault } from '../errors.ts';
import type { Credential, CredentialQuery, CredentialResolver, PeerVerifier, PresentedPeer, Verdict } from './peer.ts';
import type {
  ClientSession,
  ClientSessionStore,
  EarlyDataUse,
  ExternalPsk,
  PskResolver,
  ReplayGuard,
  ServerSessionStore,
  SessionPeer,
  TicketSealer,
} from './session.ts';

/**
 * The closed list of reasons to wait. A step yields one of these, the engine hands it out, and the step continues when it
 * is answered: at once where the provider is synchronous, later where it answers with a promise. A request names whom to
 * ask; the table `REQUESTS` says how, and what a failure means.
 */
export interface Requests {
  /** Make a key share for the ClientHello. */
  offer: { ask: { readonly group: KeyExchange; readonly random: Random }; answer: KeyOffer };
  /** Finish the key exchange (client). */
  agree: { ask: { readonly offer: KeyOffer; readonly share: Uint8Array }; answer: Uint8Array };
  /** Answer a key share (server). */
  accept: {
    ask: { readonly group: KeyExchange; readonly share: Uint8Array; readonly random: Random };
    answer: { readonly share: Uint8Array; readonly secret: Uint8Array };
  };
  /** Choose credentials and rules by what the client asks for (server). */
  context: {
    ask: { readonly select: ContextSelector; readonly hello: ClientHelloSummary };
    answer: ContextSelection | undefined;
  };
  /** Choose a certificate; without a resolver there is none. */
  credential: {
    ask: { readonly resolver: CredentialResolver | undefined; readonly query: CredentialQuery };
    answer: Credential | undefined;
  };
  /** Is the peer who it has to be? */
  verifyPeer: { ask: { readonly verifier: PeerVerifier; readonly peer: PresentedPeer }; answer: Verdict };
  /** Does the peer hold the private key? */
  verifySignature: {
    ask: {
      readonly verifier: SignatureVerifier;
      readonly scheme: SignatureScheme;
      readonly key: PublicKey;
      readonly input: Uint8Array;
      readonly signature: Uint8Array;
    };
    answer: boolean;
  };
  /** Prove that we hold ours. */
  sign: {
    ask: { readonly credential: Credential; readonly scheme: number; readonly input: Uint8Array };
    answer: Uint8Array;
  };
  /**
   * Read the secret of the RSA key exchange (server, TLS 1.2): the bare encoding, its padding not looked at; undefined: the
   * ciphertext is no number for this key.
   */
  decrypt: {
    ask: { readonly credential: Credential; readonly ciphertext: Uint8Array };
    answer: Uint8Array | undefined;
  };
  /** Is there a session to resume? (client) */
  loadSession: {
    ask: { readonly store: ClientSessionStore; readonly key: string };
    answer: ClientSession | undefined;
  };
  /** Is the peer of a session still good? Undefined: it could not be found out, which is as good as no. */
  recheck: {
    ask: { readonly verifier: PeerVerifier; readonly peer: PresentedPeer; readonly before: SessionPeer['verdict'] };
    answer: Verdict | undefined;
  };
  /** Make a ticket (server). `lifetime` is in seconds. */
  sealTicket: {
    ask: {
      readonly tickets: TicketSealer;
      readonly state: Uint8Array;
      readonly lifetime: number;
      readonly now: number;
    };
    answer: Uint8Array | undefined;
  };
  /** What does this ticket hold? (server) */
  openTicket: {
    ask: { readonly tickets: TicketSealer; readonly ticket: Uint8Array; readonly now: number };
    answer: Uint8Array | undefined;
  };
  /** What was stored under this session id? (server, TLS 1.2) */
  loadState: {
    ask: { readonly store: ServerSessionStore; readonly key: string };
    answer: Uint8Array | undefined;
  };
  /** Store it under this session id (server, TLS 1.2). `until` is in milliseconds since 1970. */
  storeState: {
    ask: {
      readonly store: ServerSessionStore;
      readonly key: string;
      readonly state: Uint8Array;
      readonly until: number;
    };
    answer: undefined;
  };
  /** Whose key is this identity? (server) */
  findPsk: { ask: { readonly find: PskResolver; readonly identity: Uint8Array }; answer: ExternalPsk | undefined };
  /** Has this early data been here before? (server) */
  firstUse: { ask: { readonly guard: ReplayGuard; readonly use: EarlyDataUse }; answer: boolean | undefined };
  /** Seal a batch of records. The only kind that does not keep the engine from reading; `Engine.maySend` is false meanwhile. */
  sealRecords: {
    ask: { readonly bulk: BulkAead; readonly jobs: readonly AeadJob[] };
    answer: readonly Uint8Array[];
  };
  /** Open a batch of records; undefined for one that is forged. */
  openRecords: {
    ask: { readonly bulk: BulkAead; readonly jobs: readonly AeadJob[] };
    answer: readonly (Uint8Array | undefined)[];
  };
}

/** The kinds of request that an engine makes. */
export type RequestKind = keyof Requests;

/** A secret, or something that holds one. */
export type Secret = Uint8Array | { dispose(): void };

/** How a request is answered, and what it means when what was asked fails. */
export interface RequestRule<K extends RequestKind> {
  /** The fault that ends the handshake. */
  readonly fault: LocalFault;
  /** A failure costs the session, not the connection: the handshake continues with this answer, as a full one. */
  readonly without?: { readonly answer: Requests[K]['answer'] };
  ask(ask: Requests[K]['ask']): MaybePromise<Requests[K]['answer']>;
  /** The secrets in an answer: overwritten when the step that asked is given up, or the answer comes too late. */
  secrets?(answer: Requests[K]['answer']): readonly (Secret | undefined)[];
}

const WITHOUT = { answer: undefined } as const;

/** The one place that knows the reasons to wait. */
export const REQUESTS: { readonly [K in RequestKind]: RequestRule<K> } = {
  offer: {
    fault: 'ERR_INTERNAL',
    ask: ({ group, random }) => group.offer(random),
    secrets: (offer) => [offer, offer.part],
  },
  agree: { fault: 'ERR_INTERNAL', ask: ({ offer, share }) => offer.agree(share), secrets: (secret) => [secret] },
  accept: {
    fault: 'ERR_INTERNAL',
    ask: ({ group, share, random }) => group.accept(share, random),
    secrets: ({ secret }) => [secret],
  },
  context: { fault: 'ERR_CALLBACK_FAILED', ask: ({ select, hello }) => select(hello) },
  credential: { fault: 'ERR_CALLBACK_FAILED', ask: ({ resolver, query }) => resolver?.(query) },
  verifyPeer: { fault: 'ERR_VERIFIER_FAILED', ask: ({ verifier, peer }) => verifier.verify(peer) },
  verifySignature: {
    fault: 'ERR_INTERNAL',
    ask: ({ verifier, scheme, key, input, signature }) => verifier.verify(scheme.algorithm, key, input, signature),
  },
  sign: { fault: 'ERR_SIGNER_FAILED', ask: ({ credential, scheme, input }) => credential.signer.sign(scheme, input) },
  decrypt: {
    fault: 'ERR_SIGNER_FAILED',
    ask: ({ credential, ciphertext }) => credential.signer.decryptRaw?.(ciphertext),
    secrets: (encoding) => [encoding],
  },
  loadSession: { fault: 'ERR_CALLBACK_FAILED', without: WITHOUT, ask: ({ store, key }) => store.take(key) },
  recheck: { fault: 'ERR_VERIFIER_FAILED', without: WITHOUT, ask: recheck },
  sealTicket: {
    fault: 'ERR_CALLBACK_FAILED',
    without: WITHOUT,
    ask: ({ tickets, state, lifetime, now }) => tickets.seal(state, lifetime, now),
  },
  openTicket: {
    fault: 'ERR_CALLBACK_FAILED',
    without: WITHOUT,
    ask: ({ tickets, ticket, now }) => tickets.open(ticket, now),
  },
  loadState: { fault: 'ERR_CALLBACK_FAILED', without: WITHOUT, ask: ({ store, key }) => store.take(key) },
  storeState: { fault: 'ERR_CALLBACK_FAILED', without: WITHOUT, ask: storeState },
  findPsk: { fault: 'ERR_CALLBACK_FAILED', ask: ({ find, identity }) => find(identity) },
  sealRecords: { fault: 'ERR_INTERNAL', ask: ({ bulk, jobs }) => bulk.seal(jobs) },
  openRecords: { fault: 'ERR_INTERNAL', ask: ({ bulk, jobs }) => bulk.open(jobs) },
  firstUse: { fault: 'ERR_CALLBACK_FAILED', without: WITHOUT, ask: ({ guard, use }) => guard.firstUse(use) },
};

/** The short way is only for a verifier that says by `policy` when its rules have changed. */
function recheck({ verifier, peer, before }: Requests['recheck']['ask']): MaybePromise<Verdict> {
  if (verifier.policy === undefined || verifier.recheck === undefined) return verifier.verify(peer);
  return verifier.recheck(peer, before);
}

function storeState({ store, key, state, until }: Requests['storeState']['ask']): MaybePromise<undefined> {
  const stored = store.put(key, state, until);
  return isPromise(stored) ? stored.then(() => undefined) : undefined;
}

/** What a step yields. */
export interface RequestBody<K extends RequestKind> {
  readonly kind: K;
  readonly ask: Requests[K]['ask'];
}
export type AnyRequestBody = { [K in RequestKind]: RequestBody<K> }[RequestKind];

/** A request that the engine has handed out. Answer it exactly once. */
export interface Request<K extends RequestKind> extends RequestBody<K> {
  /** @throws TlsError ERR_STATE when it has been answered already. Ignored once the engine has failed or closed. */
  answer(value: Requests[K]['answer']): void;
  /** It could not be answered; the handshake ends. */
  refuse(reason: unknown): void;
}
/** A request of any kind, with the means to answer it. */
export type AnyRequest = { [K in RequestKind]: Request<K> }[RequestKind];

/** A step may wait only by yielding a request; it never reads a message: that is what the table is for. */
export type Step<R> = Generator<AnyRequestBody, R, unknown>;

/** Asks, from inside a step. */
export function* request<K extends RequestKind>(kind: K, ask: Requests[K]['ask']): Step<Requests[K]['answer']> {
  // A generator's next() is untyped; `answer` above takes only the type that goes with the kind.
  return (yield { kind, ask } as AnyRequestBody) as Requests[K]['answer'];
}

/** Chooses what a server uses for one client, before anything is decided. */
export type ContextSelector = (hello: ClientHelloSummary) => MaybePromise<ContextSelection | undefined>;

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
  /** What to show: a credential, several of them, or a function that chooses. */
  readonly credential?: Credential | readonly Credential[] | CredentialResolver | undefined;
  readonly alpn?: readonly string[] | undefined;
  readonly clientAuth?: 'none' | 'request' | 'optional' | 'require' | undefined;
  readonly verifier?: PeerVerifier | undefined;
  /**
   * Names this choice for sessions: one that began under another name is not resumed. Default: the certificates, where
   * the server's own are used, and a name that nothing else has where `credential` is chosen here.
   */
  readonly name?: string | undefined;
}

/** The context as it is. It has no prototype: what is put on that of objects would be taken for a choice. */
export const NOTHING_CHOSEN: ContextSelection = /* @__PURE__ */ Object.freeze(/* @__PURE__ */ Object.create(null));

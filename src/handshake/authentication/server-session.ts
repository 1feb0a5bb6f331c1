import { equalBytes } from '../../bytes/bytes.ts';
import { TlsError } from '../../errors.ts';
import { type Codec, checked, decode, encode, fixed, list, opaque, struct, u8, u16, u32 } from '../../wire/codec.ts';
import { TLS_1_2, TLS_1_3 } from '../../wire/ids.ts';
import type { SessionPeer } from '../session.ts';

/** What a server remembers of a connection, in a ticket or behind one. */
export interface ServerSession {
  readonly version: 0x0303 | 0x0304;
  /** Cipher suite. */
  readonly suite: number;
  /** TLS 1.3: the PSK of this ticket; TLS 1.2: the main secret. */
  readonly secret: Uint8Array;
  /** NamedGroup of the key exchange, where it will not be done again (TLS 1.2); otherwise 0. */
  readonly group: number;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  /** When both sides last proved themselves by certificate, in milliseconds since 1970. */
  readonly since: number;
  readonly ageAdd: number;
  /** In seconds. */
  readonly lifetime: number;
  /** In bytes. */
  readonly maxEarlyData: number;
  /** Digest of all that has to be the same again: see `sessionBinding`. */
  readonly binding: Uint8Array;
  /** The client, where it showed a certificate. */
  readonly peer: SessionPeer | undefined;
}

/** Most bytes of a state: a ticket travels in the ClientHello, and few servers read one that is very long. */
export const MAX_SESSION_STATE = 16_384;

export function encodeSession(session: ServerSession): Uint8Array {
  const { peer } = session;
  return encode(State, {
    format: FORMAT,
    version: session.version,
    suite: session.suite,
    secret: session.secret,
    group: session.group,
    issuedAt: time(session.issuedAt),
    since: time(session.since),
    ageAdd: session.ageAdd,
    lifetime: session.lifetime,
    maxEarlyData: session.maxEarlyData,
    binding: session.binding,
    peer: peer === undefined ? [] : [writePeer(peer)],
  });
}

/** Undefined for anything that was not made here: an older format, another version, another program. */
export function decodeSession(bytes: Uint8Array): ServerSession | undefined {
  let state: State;
  try {
    state = decode(State, bytes);
  } catch (error) {
    if (error instanceof TlsError) return undefined;
    throw error;
  }
  const { version } = state;
  if (state.format !== FORMAT || (version !== TLS_1_3 && version !== TLS_1_2)) return undefined;
  const [peer] = state.peer;
  const { suite, secret, group, ageAdd, lifetime, maxEarlyData, binding } = state;
  const times = { issuedAt: milliseconds(state.issuedAt), since: milliseconds(state.since) };
  return {
    version,
    suite,
    secret,
    group,
    ...times,
    ageAdd,
    lifetime,
    maxEarlyData,
    binding,
    peer: peer && readPeer(peer),
  };
}

const FORMAT = 2;

/** Milliseconds in 48 bits, which is enough for 8,900 years. */
interface Time {
  readonly high: number;
  readonly low: number;
}

interface PeerState {
  readonly chain: Uint8Array[];
  /** Certificates of the chain by position; others as they are. */
  readonly path: { readonly position: number; readonly certificate: Uint8Array }[];
  readonly publicKey: Uint8Array;
}

interface State {
  readonly format: number;
  readonly version: number;
  readonly suite: number;
  readonly secret: Uint8Array;
  readonly group: number;
  readonly issuedAt: Time;
  readonly since: Time;
  readonly ageAdd: number;
  readonly lifetime: number;
  readonly maxEarlyData: number;
  readonly binding: Uint8Array;
  readonly peer: PeerState[];
}

const Time: Codec<Time> = /* @__PURE__ */ struct<Time>('Time', { high: u16, low: u32 });
const certificates: Codec<Uint8Array[]> = /* @__PURE__ */ list(3, /* @__PURE__ */ opaque(3, 1, 0xffffff), 0, 0xffffff);
const LITERAL = 255;

const PeerState: Codec<PeerState> = /* @__PURE__ */ struct<PeerState>('PeerState', {
  chain: certificates,
  path: /* @__PURE__ */ list(
    3,
    /* @__PURE__ */ struct<PeerState['path'][number]>('PathEntry', {
      position: u8,
      certificate: /* @__PURE__ */ opaque(3, 0, 0xffffff),
    }),
    0,
    0xffffff,
  ),
  publicKey: /* @__PURE__ */ opaque(3, 1, 0xffffff),
});

const State: Codec<State> = /* @__PURE__ */ struct<State>('SessionState', {
  format: u8,
  version: u16,
  suite: u16,
  secret: /* @__PURE__ */ opaque(1, 16, 255),
  group: u16,
  issuedAt: Time,
  since: Time,
  ageAdd: u32,
  lifetime: u32,
  maxEarlyData: u32,
  binding: /* @__PURE__ */ fixed(32),
  peer: /* @__PURE__ */ checked(/* @__PURE__ */ list(3, PeerState, 0, 0xffffff), (peers) =>
    peers.length > 1 ? new TlsError('ERR_DECODE', { detail: 'more than one peer' }) : undefined,
  ),
});

function time(milliseconds: number): Time {
  const whole = Math.trunc(milliseconds);
  return { high: Math.floor(whole / 0x1_0000_0000), low: whole % 0x1_0000_0000 };
}

function milliseconds({ high, low }: Time): number {
  return high * 0x1_0000_0000 + low;
}

function writePeer({ presented, verdict }: SessionPeer): PeerState {
  const { chain } = presented;
  const path = verdict.path.map((certificate) => {
    const position = chain.findIndex((shown) => equalBytes(shown, certificate));
    return position >= 0 && position < LITERAL
      ? { position, certificate: new Uint8Array(0) }
      : { position: LITERAL, certificate };
  });
  return { chain: [...chain], path, publicKey: verdict.publicKey };
}

function readPeer({ chain, path, publicKey }: PeerState): SessionPeer {
  const nothing = chain.map(() => undefined);
  return {
    presented: { chain, ocspResponses: nothing, sctLists: nothing },
    verdict: {
      ok: true,
      publicKey,
      path: path.flatMap(({ position, certificate }) =>
        position === LITERAL ? [certificate] : chain.slice(position, position + 1),
      ),
    },
  };
}

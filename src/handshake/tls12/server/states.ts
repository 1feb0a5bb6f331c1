import type { CipherSuite12 } from '../../../crypto/types.ts';
import type { MainSecret12, TrafficKeys12 } from '../../../keys/schedule12.ts';
import type { AuthenticatedPeer } from '../../authentication/certificates.ts';
import type { ClientRules } from '../../authentication/session-binding.ts';
import type { Fresh } from '../../machine.ts';
import type { Credential, Presented } from '../../peer.ts';
import type { ServerSessionStore, TicketSealer } from '../../session.ts';
import type { Agreed12, ServerOffer12 } from '../key-exchange/key-exchange.ts';
import type { Remembered12, ResumedPeer12 } from '../resumed.ts';

/** What each state of the server knows. */
export interface ServerData12 {
  START: Fresh;
  WAIT_CERT_12: FlightSent12;
  WAIT_CKE_12: FlightSent12;
  WAIT_CKE_CV_12: ClientShown12;
  WAIT_CV_12: ClientProving12;
  WAIT_CCS_12: ClientSwitching12;
  WAIT_FINISHED_12: ClientDone12;
  WAIT_CCS_RESUMED_12: ServerResuming12;
  WAIT_FINISHED_RESUMED_12: ServerResuming12;
  CONNECTED_12: ServerConnected12;
}

/** What the server knows while it waits for the client's flight. */
export interface FlightSent12 extends Agreed12 {
  /** Undefined: the RSA key exchange, for which the credential's own key is used. */
  readonly offer: ServerOffer12 | undefined;
  readonly credential: Credential;
  /** The version in the ClientHello. */
  readonly offered: number;
  readonly serverName: string | undefined;
  /** Our name for this session; empty: it has none. */
  readonly sessionId: Uint8Array;
  /** How the client will find it again; undefined: not at all. */
  readonly plan: SessionPlan12 | undefined;
  readonly rules: Omit<ClientRules, 'requested'>;
}

export interface ClientShown12 extends FlightSent12 {
  readonly presented: Presented;
}

export interface ClientKeyed12 extends FlightSent12 {
  readonly main: MainSecret12;
  /** NamedGroup of the key exchange, where there was one. */
  readonly group: number | undefined;
}

export interface ClientProving12 extends ClientKeyed12 {
  readonly presented: Presented;
}

export interface ClientSwitching12 extends ClientKeyed12 {
  readonly peer: AuthenticatedPeer | undefined;
  /** What the client will protect its records with, once it says so. */
  readonly incoming: TrafficKeys12;
}

export interface ClientDone12 extends ClientKeyed12 {
  readonly peer: AuthenticatedPeer | undefined;
}

export interface ServerConnected12 {
  readonly main: MainSecret12;
  readonly peer: AuthenticatedPeer | ResumedPeer12 | undefined;
}

export interface ServerResuming12 extends Agreed12 {
  readonly remembered: Found12;
  /** For the server's id, which works again once this handshake is done. */
  readonly sessionId: Uint8Array;
  readonly plan: SessionPlan12 | undefined;
  readonly main: MainSecret12;
  readonly incoming: TrafficKeys12;
}

/** How the client will find its session again. */
export type SessionPlan12 = (
  | { readonly by: 'ticket'; readonly tickets: TicketSealer }
  | { readonly by: 'id'; readonly store: ServerSessionStore }
) & {
  readonly binding: Uint8Array;
  /** When both sides last proved themselves, in milliseconds since 1970. */
  readonly since: number;
};

/** A session that is resumed. */
export interface Found12 extends Remembered12 {
  readonly by: 'ticket' | 'id';
  readonly suite: CipherSuite12;
  readonly since: number;
}

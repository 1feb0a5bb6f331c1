import type { MainSecret12, TrafficKeys12 } from '../../../keys/schedule12.ts';
import type { AuthenticatedPeer } from '../../authentication/certificates.ts';
import type { HelloSent } from '../../client-hello.ts';
import type { CredentialQuery, Presented } from '../../peer.ts';
import type { ClientSession12 } from '../../session.ts';
import type { Agreed12, ServerParams12 } from '../key-exchange/key-exchange.ts';
import type { ResumedPeer12 } from '../resumed.ts';

/** What each state of the client knows. */
export interface ClientData12 {
  WAIT_SH: HelloSent;
  WAIT_CERT_12: ClientAgreed12;
  WAIT_STATUS_12: ServerShown12;
  WAIT_SKE_12: ServerShown12;
  WAIT_CR_SHD_12: ServerProven12;
  WAIT_SHD_12: ClientAsked12;
  WAIT_TICKET_12: ClientSwitching12;
  WAIT_CCS_12: ClientSwitching12;
  WAIT_FINISHED_12: ClientFinishing12;
  WAIT_TICKET_RESUMED_12: ClientResuming12;
  WAIT_CCS_RESUMED_12: ClientResuming12;
  WAIT_FINISHED_RESUMED_12: ClientResuming12;
  CONNECTED_12: ClientConnected12;
}

export interface ClientAgreed12 extends Agreed12 {
  readonly sessionKey: string;
  /** The server's name for this session; empty: it has none, or not one that we would use. */
  readonly sessionId: Uint8Array;
  /** The server said that it will send NewSessionTicket. */
  readonly ticketPromised: boolean;
  readonly alpn: string | undefined;
  /** The server said that it may send CertificateStatus. */
  readonly statusPromised: boolean;
  readonly sctList: Uint8Array | undefined;
}

export interface ServerShown12 extends ClientAgreed12 {
  readonly presented: Presented;
}

export interface ServerProven12 extends ClientAgreed12 {
  readonly peer: AuthenticatedPeer;
  readonly params: ServerParams12;
}

export interface ClientAsked12 extends ServerProven12 {
  readonly query: Query12;
}

/** A CertificateRequest, read. */
export type Query12 = Omit<CredentialQuery, 'serverName' | 'alpn'>;

export interface ClientFinishing12 extends ClientAgreed12 {
  readonly peer: AuthenticatedPeer;
  readonly main: MainSecret12;
  /** NamedGroup of the key exchange, where there was one. */
  readonly group: number | undefined;
  /** We showed a certificate. */
  readonly authenticated: boolean;
  readonly ticket: Ticket12 | undefined;
}

export interface ClientSwitching12 extends ClientFinishing12 {
  /** What the server will protect its records with, once it says so. */
  readonly incoming: TrafficKeys12;
}

export interface ClientConnected12 {
  readonly main: MainSecret12;
  readonly peer: AuthenticatedPeer | ResumedPeer12;
}

export interface ClientResuming12 extends ClientAgreed12 {
  readonly remembered: ClientSession12;
  readonly main: MainSecret12;
  readonly incoming: TrafficKeys12;
  /** A new one, in place of the one that was used. */
  readonly ticket: Ticket12 | undefined;
}

/** A ticket as it came, or as it was used. */
export interface Ticket12 {
  readonly ticket: Uint8Array;
  readonly receivedAt: number;
  /** In seconds. */
  readonly lifetime: number;
}

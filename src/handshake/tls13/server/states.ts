import type { CipherSuite13, KeyExchange } from '../../../crypto/types.ts';
import type { HandshakeSecrets, MainSecrets } from '../../../keys/schedule13.ts';
import type { Transcript } from '../../../keys/transcript.ts';
import type { AuthenticatedPeer } from '../../authentication/certificates.ts';
import type { AcceptedPsk, SelectedPsk } from '../../authentication/psk.ts';
import type { ClientRules } from '../../authentication/session-binding.ts';
import type { Fresh } from '../../machine.ts';
import type { Credential, Presented } from '../../peer.ts';
import type { ContextSelection } from '../../requests.ts';
import type { Traffic } from '../key-update.ts';
import type { ReadHello } from './choose.ts';

/** What each state of the server knows. */
export interface ServerData13 {
  START: Fresh;
  START_RETRIED: RetryAsked;
  WAIT_EOED: FlightSent;
  WAIT_CERT: FlightSent;
  WAIT_CV: ClientShown;
  WAIT_FINISHED: ClientDone;
  CONNECTED: ServerConnected;
  POST_HANDSHAKE_WAIT_CV: PostHandshakeShown;
  POST_HANDSHAKE_WAIT_FINISHED: PostHandshakeDone;
}

export interface RetryAsked {
  readonly first: ReadHello;
  readonly suite: CipherSuite13;
  /** The group asked for. */
  readonly group: KeyExchange;
  readonly cookie: Uint8Array | undefined;
  readonly transcript: Transcript;
  readonly choices: ContextSelection;
}

/** A key agreed on, and all that the rest of the flight has to know. */
export interface Answered {
  readonly read: ReadHello;
  readonly suite: CipherSuite13;
  /** The application protocol. */
  readonly protocol: string | undefined;
  /** In place of a certificate. */
  readonly psk: SelectedPsk | undefined;
  /** What we show, where there is no PSK. */
  readonly credential: Credential | undefined;
  /** Early data is taken. */
  readonly early: boolean;
  /** For the tickets to come; undefined: there will be none. */
  readonly binding: Uint8Array | undefined;
  readonly schedule: HandshakeSecrets;
  readonly transcript: Transcript;
  readonly choices: ContextSelection;
}

/** What the server knows while it waits for the client's last flight. */
export interface FlightSent {
  readonly suite: CipherSuite13;
  readonly schedule: HandshakeSecrets;
  readonly main: MainSecrets;
  readonly transcript: Transcript;
  readonly serverName: string | undefined;
  /** The client said that it can be asked for a certificate later. */
  readonly mayAskPostHandshake: boolean;
  /** What will prove the client, in place of a certificate. */
  readonly psk: SelectedPsk | undefined;
  readonly binding: Uint8Array | undefined;
  readonly rules: ClientRules;
}

export interface ClientShown extends FlightSent {
  readonly presented: Presented;
}

export interface ClientDone extends FlightSent {
  /** Undefined: the client showed no certificate, and need not. */
  readonly peer: AuthenticatedPeer | SelectedPsk | undefined;
  /** What it showed in this handshake. */
  readonly presented: Presented | undefined;
}

export interface ServerConnected extends Traffic {
  readonly peer: AuthenticatedPeer | AcceptedPsk | undefined;
  readonly serverName: string | undefined;
  readonly rules: ClientRules;
  // RFC 9846 §4.7.2-6
  /** Everything up to the client's Finished; kept only where the client may be asked later. */
  readonly transcript: Transcript | undefined;
  /** Requests that have not been answered, by their context in hexadecimal. */
  readonly asked: Map<string, Asked>;
}

export interface Asked {
  readonly transcript: Transcript;
  readonly rules: ClientRules;
}

export interface PostHandshakeShown extends ServerConnected {
  readonly later: Asked;
  readonly presented: Presented;
}

export interface PostHandshakeDone extends ServerConnected {
  readonly later: Asked;
  readonly postHandshakePeer: AuthenticatedPeer | undefined;
}

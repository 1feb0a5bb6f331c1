import type { CipherSuite13 } from '../../../crypto/types.ts';
import type { HandshakeSecrets } from '../../../keys/schedule13.ts';
import type { Transcript } from '../../../keys/transcript.ts';
import type { AuthenticatedPeer } from '../../authentication/certificates.ts';
import type { AcceptedPsk, SelectedPsk } from '../../authentication/psk.ts';
import type { HelloSent } from '../../client-hello.ts';
import type { CredentialQuery, Presented } from '../../peer.ts';
import type { ClientSessionStore, SessionPeer } from '../../session.ts';
import type { Traffic } from '../key-update.ts';
import type { EarlySent } from './psk.ts';

/** What each state of the client knows. Nothing is optional that the state is sure of. */
export interface ClientData13 {
  WAIT_SH: HelloSent;
  WAIT_SH_RETRIED: HelloRetried;
  WAIT_EE: SecretsAgreed;
  WAIT_CERT_CR: ServerProving;
  WAIT_CERT: CertificateAsked;
  WAIT_CV: CertificateShown;
  WAIT_FINISHED: ServerProven;
  CONNECTED: ClientConnected;
}

export interface HelloRetried extends HelloSent {
  /** The server has to stay with it (RFC 9846 section 4.2.4). */
  readonly suite: CipherSuite13;
}

export interface SecretsAgreed {
  readonly sent: ReadonlySet<number>;
  readonly sessionKey: string;
  /** The server chose a key that both had before; undefined: it will prove itself by certificate. */
  readonly psk: SelectedPsk | undefined;
  /** Early data was sent, and may still be taken: until that is known we write under its keys. */
  readonly early: EarlySent | undefined;
  readonly suite: CipherSuite13;
  readonly schedule: HandshakeSecrets;
  readonly transcript: HelloSent['transcript'];
}

export interface ServerProving {
  readonly sent: ReadonlySet<number>;
  readonly suite: CipherSuite13;
  readonly schedule: HandshakeSecrets;
  readonly transcript: Transcript;
  readonly alpn: string | undefined;
  readonly sessionKey: string;
}

export interface CertificateAsked extends ServerProving {
  readonly request: ReadRequest | undefined;
}

export interface CertificateShown extends CertificateAsked {
  readonly presented: Presented;
}

export interface ServerProven extends CertificateAsked {
  readonly peer: AuthenticatedPeer | SelectedPsk;
  /** What the server showed in this handshake; undefined in a resumed one. */
  readonly presented: Presented | undefined;
  /** Early data was taken: EndOfEarlyData has to follow. */
  readonly early: EarlySent | undefined;
}

/** A CertificateRequest, read. */
export interface ReadRequest {
  readonly requestContext: Uint8Array;
  readonly query: Omit<CredentialQuery, 'serverName' | 'alpn'>;
  readonly wantsOcsp: boolean;
  readonly wantsSct: boolean;
}

export interface ClientConnected extends Traffic {
  readonly peer: AuthenticatedPeer | AcceptedPsk;
  readonly alpn: string | undefined;
  /** What goes into a session; undefined: tickets are of no use. */
  readonly seed: SessionSeed | undefined;
  /** Everything up to our Finished; kept only where the server may still ask for a certificate. */
  readonly transcript: Transcript | undefined;
}

/** What every session of this connection has in common. */
export interface SessionSeed {
  readonly store: ClientSessionStore;
  readonly key: string;
  readonly peer: SessionPeer;
  readonly authenticated: boolean;
}

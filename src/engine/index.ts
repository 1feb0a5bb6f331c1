/**
 * The engine alone: bytes in, steps out, no transport, no timer, no promise.
 * @module
 */
export { Engine, type Status } from './engine.ts';
export {
  type ClientOptions,
  clientConfig,
  type CommonOptions,
  isIpAddress,
  type ServerOptions,
  serverConfig,
} from './config/options.ts';
export type { ClientSessionOptions, EarlyDataOptions, ServerSessionOptions } from './config/resumption-options.ts';
export { settle } from './answer.ts';
export type { Step } from './event.ts';
export type {
  ClientConfig,
  CommonConfig,
  Config,
  EarlyDataConfig,
  ServerConfig,
  TraceEvent,
} from '../handshake/config.ts';
export type { Presented } from '../handshake/authentication/certificates.ts';
export type { AnyHandlers, Commands, Epoch, HelloAddition, Protocol, Table } from '../handshake/machine.ts';
export type { EarlyDataFacts, Facts, Note, PeerFacts } from '../handshake/context.ts';
export type {
  ClientSession,
  ClientSessionStore,
  EarlyDataUse,
  ExternalPsk,
  PskResolver,
  ReplayGuard,
  SessionPeer,
  TicketSealer,
} from '../handshake/session.ts';
export type { AnyNeed, Need, QuestionKind, Questions } from '../handshake/requests.ts';
export type {
  Credential,
  CredentialQuery,
  CredentialResolver,
  PeerVerifier,
  PresentedPeer,
  Verdict,
  VerificationFailure,
} from '../handshake/peer.ts';
export { Alert, TlsError } from '../errors.ts';

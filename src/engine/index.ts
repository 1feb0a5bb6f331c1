/**
 * The engine alone: bytes in, events out, no transport, no timer, no promise.
 * @module
 */
export type { ChannelBinding } from './channel-binding.ts';
export { Engine } from './engine.ts';
export type { Status } from './lifecycle.ts';
export {
  type ClientOptions,
  clientConfig,
  type CommonOptions,
  isIpAddress,
  type ServerOptions,
  serverConfig,
} from './config/index.ts';
export type {
  ClientAuth,
  ClientResumptionOptions,
  CredentialOption,
  EarlyDataOptions,
  ServerResumptionOptions,
} from './config/index.ts';
export { answer } from './answer.ts';
export type { EngineEvent } from './event.ts';
export type {
  AnyProtocol,
  ClientConfig,
  ClientProtocol,
  CommonConfig,
  Config,
  EarlyDataConfig,
  ServerConfig,
  ServerProtocol,
  TraceEvent,
} from '../handshake/config.ts';
export type { AnyHandlers, Commands, HelloAddition, Protocol, Table } from '../handshake/machine.ts';
export type {
  ConnectionInfo,
  EarlyDataInfo,
  Epoch,
  HandshakeInfo,
  Note,
  PeerInfo,
  VersionName,
} from '../handshake/context.ts';
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
export type { AnyRequest, ContextSelector, Request, RequestKind, Requests } from '../handshake/requests.ts';
export type {
  Credential,
  CredentialQuery,
  CredentialResolver,
  Identities,
  PeerVerifier,
  Presented,
  PresentedPeer,
  Verdict,
  VerdictDetails,
  VerificationFailure,
} from '../handshake/peer.ts';
export { Alert, TlsError } from '../errors.ts';

/**
 * Going on with an earlier connection: stores for a client's sessions, keepers of a server's tickets, guards against
 * replay, and keys that both sides were given otherwise.
 * @module
 */
export {
  type MemoryReplayGuardOptions,
  type MemorySessionOptions,
  memoryReplayGuard,
  memoryServerSessions,
  memorySessions,
  type ServerSessionStore,
} from './stores.ts';
export { storedTickets, type TicketKeeperOptions, ticketKeeper } from './tickets.ts';
export { type ImportablePsk, importedPsks, importPsk } from './psk.ts';
export type {
  ClientSession,
  ClientSessionStore,
  EarlyDataUse,
  ExternalPsk,
  PskResolver,
  ReplayGuard,
  SessionPeer,
  TicketKeeper,
} from '../handshake/session.ts';

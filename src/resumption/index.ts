/**
 * Resumption: stores for a client's sessions, sealers of a server's tickets, guards against
 * replay, and keys that both sides were given otherwise.
 * @module
 */
export {
  type MemoryReplayGuardOptions,
  type MemoryServerSessionOptions,
  type MemorySessionOptions,
  memoryReplayGuard,
  memoryServerSessions,
  memorySessions,
} from './stores.ts';
export { storedTickets, type TicketSealerOptions, ticketSealer } from './tickets.ts';
export { type ImportablePsk, importedPsks, importPsk } from './psk.ts';
export type {
  ClientSession,
  ClientSession12,
  ClientSession13,
  ClientSessionStore,
  EarlyDataUse,
  ExternalPsk,
  PskResolver,
  ReplayGuard,
  ServerSessionStore,
  SessionPeer,
  TicketSealer,
} from '../handshake/session.ts';

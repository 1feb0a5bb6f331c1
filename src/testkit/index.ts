/**
 * Peers that misbehave, for testing clients and servers: each fault by a name, with what a peer that is right makes of it.
 * Node only.
 * @module
 */
export type { Conversation } from './converse.ts';
export type { Fault, Judgement } from './fault.ts';
export { type BadServer, type BadServerOptions, type BadServerResult, startBadServer } from './server.ts';
export { SERVER_FAULTS, type ServerFault } from './server-faults.ts';
export { type BadClientOptions, type BadClientResult, runBadClient } from './client.ts';
export { CLIENT_FAULTS, type ClientFault } from './client-faults.ts';
export type { Misbehaviour } from './converse.ts';
export type { CertificateFault } from './server-credentials.ts';
export type { Change, Forgery, Sealable } from './misbehaving.ts';

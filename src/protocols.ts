/**
 * The versions of TLS, each for one role, as values: a program names those it speaks, and its bundle carries no others.
 * @module
 */
export { client12, server12 } from './engine/protocols12.ts';
export { client13 } from './handshake/tls13/client/client.ts';
export { server13 } from './handshake/tls13/server/server.ts';

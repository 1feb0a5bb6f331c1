/**
 * The versions of TLS, each for one role, as values: a program names those it speaks, and its bundle carries no others.
 * @module
 */
export { client12 } from './handshake/tls12/client/client.ts';
export { server12 } from './handshake/tls12/server/server.ts';
export { client13 } from './handshake/tls13/client/client.ts';
export { server13 } from './handshake/tls13/server/server.ts';

/**
 * TLS 1.2 as a server, as a value.
 * @module
 */
export { server12 } from './handshake/server/server12.ts';

/**
 * TLS 1.3 as a server, as a value.
 * @module
 */
export { server13 } from './handshake/server/server13.ts';

/**
 * TLS 1.3 as a client, as a value.
 * @module
 */
export { client13 } from './handshake/client/client13.ts';

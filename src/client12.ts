/**
 * TLS 1.2 as a client, as a value.
 * @module
 */
export { client12 } from './handshake/client/client12.ts';

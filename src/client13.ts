/** @module TLS 1.3 as a client, as a value. */
export { client13 } from './handshake/client/client13.ts';

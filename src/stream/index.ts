/**
 * An engine over a pipe of Web Streams.
 * @module
 */
export { type ByteDuplex, drive, type TlsStream } from './duplex.ts';

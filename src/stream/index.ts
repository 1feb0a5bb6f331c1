/** @module An engine over a pipe of Web Streams. */
export { type ByteDuplex, drive, type TlsStream } from './duplex.ts';

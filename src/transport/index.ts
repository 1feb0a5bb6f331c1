/**
 * An engine over a pipe of Web Streams; and the loop itself, for those who bring a transport of another kind.
 * @module
 */
export { Driver } from './driver.ts';
export { type TransportConfig, type TransportOptions, transportConfig } from './options.ts';
export type { Taken } from './outbox.ts';
export { drive, type TlsStream } from './streams.ts';
export type { Skin, Transport, TransportEvents } from './transport.ts';
export { Turns } from './turns.ts';
export type { ByteDuplex } from './web-transport.ts';

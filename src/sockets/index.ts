/**
 * The sockets of WinterTC's proposal (`connect(address, { secureTransport })`, `startTls()`, `opened`, `closed`), as Workers
 * have them, over whatever dials: with one's own certificate authorities, client certificates and verifiers.
 * @module
 */
export { type Connect, type SocketOptions, socketConnect } from './connect.ts';
export { SocketError } from './error.ts';
export type { Dial, Dialled, Socket, SocketAddress, SocketInfo, StartTlsOptions } from './types.ts';

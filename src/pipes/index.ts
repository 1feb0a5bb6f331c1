/**
 * Pipes: what carries bytes in pages, workers and between them, as the pair of streams that `connect` and `accept` take.
 * Whatever has `readable` and `writable` already (`Deno.Conn`, the sockets of Workers, a stream of WebTransport, what
 * `opened` of a Direct Socket answers) needs nothing of this.
 * @module
 */
export { type DataChannelEvent, type DataChannelLike, dataChannelPipe } from './data-channel.ts';
export { type DuplexClass, type DuplexParts, type PushStream, toDuplex } from './duplex.ts';
export { type ByteSink, iterablePipe } from './iterable.ts';
export { withLeftover } from './leftover.ts';
export { memoryPipe } from './memory.ts';
export { type MessagePortEvent, type MessagePortLike, messagePortPipe } from './message-port.ts';
export type { StreamPair } from './messages.ts';
export type { PipeOptions } from './options.ts';
export { type WebSocketEvent, type WebSocketLike, webSocketPipe } from './web-socket.ts';

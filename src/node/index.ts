/**
 * TLS over the streams of Node: any `Duplex` in, a `Duplex` out; a client by host and port; a listener; an agent.
 * @module
 */
export { Agent, connector, type ConnectorTarget } from './agent.ts';
export { accept, type Address, connect } from './connect.ts';
export type { CipherName } from './node-shapes.ts';
export { NetSocket } from './net-socket.ts';
export { type SystemRoots, type SystemRootsOptions, systemRoots } from '../pki/roots/system.ts';
export {
  createServer,
  type ListenerOptions,
  type NodeServer,
  type ProtocolHandler,
  TlsServer,
  type TlsServerOptions,
} from './server.ts';
export { TlsSocket } from './socket.ts';
export type { TransportOptions } from '../transport/options.ts';

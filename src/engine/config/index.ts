/** Options, as programs give them, and the configuration that is made of them. */
export {
  CLIENT_RULES,
  type ClientConnectionOptions,
  type ClientMissing,
  type ClientOptions,
  clientConfig,
  clientConnectionConfig,
} from './client.ts';
export type { CommonOptions } from './common.ts';
export type { CredentialOption } from './credential.ts';
export type {
  ClientResumptionOptions,
  EarlyDataOptions,
  ServerResumptionOptions,
} from './resumption.ts';
export {
  type ClientAuth,
  SERVER_RULES,
  type ServerConnectionOptions,
  type ServerMissing,
  type ServerOptions,
  serverConfig,
  serverConnectionConfig,
} from './server.ts';
export { isIpAddress } from './server-name.ts';

/**
 * The interface of node:tls over our engine, for every library that speaks TLS by it: put this in the place of `tls`, by an
 * alias of the bundler, an import map, or `node --import warifu/register`. What is the same, what differs and what there is
 * not, is in docs/node-tls.md.
 * @module
 */
import { convertALPNProtocols } from './alpn.ts';
import { getCACertificates, setDefaultCACertificates } from './authorities.ts';
import { callable } from './callable.ts';
import { cipherNames } from './ciphers.ts';
import { connect } from './connect.ts';
import { type Defaults, defaults } from './defaults.ts';
import { checkServerIdentity } from './identity.ts';
import { createSecureContext, SecureContext as SecureContextClass } from './secure-context.ts';
import { createServer, Server as ServerClass } from './server.ts';
import { TLSSocket as TLSSocketClass } from './tls-socket.ts';

export {
  checkServerIdentity,
  connect,
  convertALPNProtocols,
  createSecureContext,
  createServer,
  getCACertificates,
  setDefaultCACertificates,
};
export type { Defaults };

/** Options of certificates, keys, versions and ciphers, read once. As in node:tls, classes can be called without `new`. */
export const SecureContext: typeof SecureContextClass = /* @__PURE__ */ callable(SecureContextClass);
export type SecureContext = SecureContextClass;
/** A listener; {@link createServer} makes one. */
export const Server: typeof ServerClass = /* @__PURE__ */ callable(ServerClass);
export type Server = ServerClass;
/** A connection; {@link connect} makes one. */
export const TLSSocket: typeof TLSSocketClass = /* @__PURE__ */ callable(TLSSocketClass);
export type TLSSocket = TLSSocketClass;

/**
 * The cipher suites that there are, by OpenSSL's names in lower case.
 *
 * @example
 * ```ts
 * import { getCiphers } from 'warifu/tls';
 * getCiphers().includes('tls_aes_128_gcm_sha256'); // true
 * ```
 */
export function getCiphers(): string[] {
  return [...new Set(cipherNames())];
}

/** The authorities of Mozilla that come with Node, as PEM. */
export const rootCertificates: readonly string[] = /* @__PURE__ */ getCACertificates('bundled');

/** The suites of connections that name none, by OpenSSL's names. To change it, write `tls.DEFAULT_CIPHERS = …`. */
export const DEFAULT_CIPHERS: string = defaults.DEFAULT_CIPHERS;
/** The groups of connections that name none; `auto`: our own list. */
export const DEFAULT_ECDH_CURVE: string = defaults.DEFAULT_ECDH_CURVE;
/** The lowest version of connections that name none. To change it, write `tls.DEFAULT_MIN_VERSION = …`. */
export const DEFAULT_MIN_VERSION: string = defaults.DEFAULT_MIN_VERSION;
/** The highest version of connections that name none. To change it, write `tls.DEFAULT_MAX_VERSION = …`. */
export const DEFAULT_MAX_VERSION: string = defaults.DEFAULT_MAX_VERSION;
/** There is no renegotiation to count; for programs that read it. */
export const CLIENT_RENEG_LIMIT: number = defaults.CLIENT_RENEG_LIMIT;
/** There is no renegotiation to count; for programs that read it. In seconds. */
export const CLIENT_RENEG_WINDOW: number = defaults.CLIENT_RENEG_WINDOW;

/** The whole module as an object, as `import tls from` and `require` have it: its variables can be set. */
export interface NodeTls extends Defaults {
  readonly rootCertificates: readonly string[];
  readonly SecureContext: typeof SecureContextClass;
  readonly Server: typeof ServerClass;
  readonly TLSSocket: typeof TLSSocketClass;
  connect: typeof connect;
  createServer: typeof createServer;
  createSecureContext: typeof createSecureContext;
  convertALPNProtocols: typeof convertALPNProtocols;
  getCACertificates: typeof getCACertificates;
  getCiphers: typeof getCiphers;
  setDefaultCACertificates: typeof setDefaultCACertificates;
}

/** The whole module as an object: what `import tls from` and `require` give. */
const tls: NodeTls = /* @__PURE__ */ (() => {
  const whole = {
    SecureContext,
    Server,
    TLSSocket,
    connect,
    createServer,
    createSecureContext,
    convertALPNProtocols,
    getCACertificates,
    getCiphers,
    setDefaultCACertificates,
    get rootCertificates() {
      return getCACertificates('bundled');
    },
    get DEFAULT_CIPHERS() {
      return defaults.DEFAULT_CIPHERS;
    },
    set DEFAULT_CIPHERS(value) {
      defaults.DEFAULT_CIPHERS = value;
    },
    get DEFAULT_ECDH_CURVE() {
      return defaults.DEFAULT_ECDH_CURVE;
    },
    set DEFAULT_ECDH_CURVE(value) {
      defaults.DEFAULT_ECDH_CURVE = value;
    },
    get DEFAULT_MIN_VERSION() {
      return defaults.DEFAULT_MIN_VERSION;
    },
    set DEFAULT_MIN_VERSION(value) {
      defaults.DEFAULT_MIN_VERSION = value;
    },
    get DEFAULT_MAX_VERSION() {
      return defaults.DEFAULT_MAX_VERSION;
    },
    set DEFAULT_MAX_VERSION(value) {
      defaults.DEFAULT_MAX_VERSION = value;
    },
    get CLIENT_RENEG_LIMIT() {
      return defaults.CLIENT_RENEG_LIMIT;
    },
    set CLIENT_RENEG_LIMIT(value) {
      defaults.CLIENT_RENEG_LIMIT = value;
    },
    get CLIENT_RENEG_WINDOW() {
      return defaults.CLIENT_RENEG_WINDOW;
    },
    set CLIENT_RENEG_WINDOW(value) {
      defaults.CLIENT_RENEG_WINDOW = value;
    },
    get checkServerIdentity() {
      return defaults.checkServerIdentity;
    },
    set checkServerIdentity(value) {
      defaults.checkServerIdentity = value;
    },
  };
  return whole;
})();

// biome-ignore lint/style/noDefaultExport: node:tls has one, and what takes its place has to.
export default tls;
// For `require`, which gives this in place of the namespace.
export { tls as 'module.exports' };

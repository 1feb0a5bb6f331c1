import { defaultCiphers } from './ciphers.ts';
import { checkServerIdentity } from './identity.ts';
import { ofNode } from './runtime.ts';

/**
 * What holds where nothing is said, in variables as node:tls has them: programs set them (`tls.DEFAULT_MIN_VERSION = …`),
 * and what is made afterwards goes by it.
 */
export interface Defaults {
  DEFAULT_CIPHERS: string;
  DEFAULT_ECDH_CURVE: string;
  DEFAULT_MIN_VERSION: string;
  DEFAULT_MAX_VERSION: string;
  /** There is no renegotiation to count; for programs that read them. */
  CLIENT_RENEG_LIMIT: number;
  CLIENT_RENEG_WINDOW: number;
  /** Of connections that bring none of their own. */
  checkServerIdentity: typeof checkServerIdentity;
}

/** The one object of these. `tls`, the whole module as an object, reads and writes them. */
export const defaults: Defaults = /* @__PURE__ */ (() => ({
  DEFAULT_CIPHERS: (saysCiphers() ? textOfNode('DEFAULT_CIPHERS') : undefined) ?? defaultCiphers(),
  DEFAULT_ECDH_CURVE: 'auto',
  // Node's own know its command line.
  DEFAULT_MIN_VERSION: textOfNode('DEFAULT_MIN_VERSION') ?? 'TLSv1.2',
  DEFAULT_MAX_VERSION: textOfNode('DEFAULT_MAX_VERSION') ?? 'TLSv1.3',
  CLIENT_RENEG_LIMIT: 3,
  CLIENT_RENEG_WINDOW: 600,
  checkServerIdentity,
}))();

function saysCiphers(): boolean {
  return [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((one) => one.includes('--tls-cipher-list'));
}

function textOfNode(name: string): string | undefined {
  const value = ofNode(name);
  return typeof value === 'string' ? value : undefined;
}

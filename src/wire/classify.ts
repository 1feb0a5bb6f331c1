import { equalBytes } from '../bytes/bytes.ts';
import { HELLO_RETRY_RANDOM, type ServerHello } from './hello.ts';
import { EXTENSION_SUPPORTED_VERSIONS } from './ids.ts';

/** What a ServerHello is, by its random and by whether it selects a version (RFC 9846 section 4.2.3). */
export function classifyServerHello(hello: ServerHello): 'ServerHello13' | 'HelloRetryRequest' | 'ServerHello12' {
  // RFC 9846 §4.2.3-11
  if (equalBytes(hello.random, HELLO_RETRY_RANDOM)) return 'HelloRetryRequest';
  return hello.extensions.some(({ type }) => type === EXTENSION_SUPPORTED_VERSIONS) ? 'ServerHello13' : 'ServerHello12';
}

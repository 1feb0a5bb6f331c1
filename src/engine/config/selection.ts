import type { ServerConfig } from '../../handshake/config.ts';
import type { ContextSelection } from '../../handshake/requests.ts';
import { alpnRule } from './common.ts';
import { credentialRule, verifierRule } from './credential.ts';
import { oneOf, optionError, readOptions, type Rules, text } from './rules.ts';

/** What `selectContext` answers is held against the same rules as the options that it takes the place of. */
const RULES: Rules<ContextSelection, keyof ContextSelection> = {
  credential: credentialRule,
  alpn: alpnRule,
  clientAuth: oneOf('none', 'request', 'optional', 'require'),
  verifier: verifierRule,
  name: text('a name'),
};

/**
 * The answer, checked: anything unknown refuses the connection, for what is not understood could be what protects it.
 * @throws TlsError ERR_OPTION.
 */
export function checkSelection(answer: unknown, config: ServerConfig): ContextSelection | undefined {
  if (answer === undefined || answer === null) return undefined;
  const read = readOptions(answer, RULES, {}, 'selectContext()');
  const clientAuth = read.clientAuth ?? config.clientAuth;
  if (clientAuth !== 'none' && (read.verifier ?? config.verifier) === undefined)
    throw optionError('selectContext().verifier', `clientAuth '${clientAuth}' needs it, and the context has none`);
  return read;
}

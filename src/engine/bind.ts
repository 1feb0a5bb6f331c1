import type { Config } from '../handshake/config.ts';
import type { Effects } from '../handshake/context.ts';
import { type AnyNext, bindMachine, type Machine } from '../handshake/machine.ts';
import type { Secret, Step } from '../handshake/requests.ts';
import { timeOf } from './callbacks.ts';

/** The machine of this role; the one place in the engine where the two differ. */
export function bind(
  config: Config,
  effects: Effects,
  own: <T extends Secret>(secret: T) => T,
): { readonly machine: Machine; readonly first: (() => Step<AnyNext>) | undefined } {
  const shared = { crypto: config.crypto, now: () => timeOf(config.clock), effects, own };
  if (config.role === 'server')
    return { machine: bindMachine(config.united, config.protocols, { config, ...shared }), first: undefined };
  const context = { config, ...shared };
  return { machine: bindMachine(config.united, config.protocols, context), first: () => config.start(context) };
}

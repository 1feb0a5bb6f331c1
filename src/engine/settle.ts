import type { MaybePromise } from '../crypto/types.ts';
import type { ClientConfig, Config, ServerConfig } from '../handshake/config.ts';
import type { AnyNeed, Need } from '../handshake/needs.ts';

/**
 * Answers a need with what was configured. Returns a promise only if whoever was asked did: with synchronous providers
 * a whole handshake runs without one.
 */
export function settle(need: AnyNeed, config: Config): Promise<void> | undefined {
  // The kinds are tied to their answers in `ask` below; here they are all alike.
  const any = need as Need<'sign'>;
  let answer: MaybePromise<unknown>;
  try {
    answer = ask(need, config);
  } catch (reason) {
    any.refuse(reason);
    return undefined;
  }
  if (!isPromise(answer)) {
    any.answer(answer as Uint8Array);
    return undefined;
  }
  return answer.then(
    (value) => any.answer(value as Uint8Array),
    (reason) => any.refuse(reason),
  );
}

function ask(need: AnyNeed, config: Config): MaybePromise<unknown> {
  const { crypto } = config;
  switch (need.kind) {
    case 'offer':
      return need.ask.group.offer(crypto.random);
    case 'agree':
      return need.ask.offer.agree(need.ask.share);
    case 'accept':
      return need.ask.group.accept(need.ask.share, crypto.random);
    case 'context':
      return (config as ServerConfig).contextFor?.(need.ask);
    case 'credential':
      return (need.ask.context?.credential ?? (config as ClientConfig).credential)?.(need.ask.query);
    case 'verifyPeer':
      return need.ask.verifier.verify(need.ask.peer);
    case 'verifySignature':
      return crypto.verifier.verify(need.ask.scheme.algorithm, need.ask.key, need.ask.input, need.ask.signature);
    case 'sign':
      return need.ask.credential.signer.sign(need.ask.scheme, need.ask.input);
  }
}

function isPromise(value: MaybePromise<unknown>): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function';
}

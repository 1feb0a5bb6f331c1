import type { MaybePromise } from '../crypto/types.ts';
import type { ClientConfig, Config, ServerConfig } from '../handshake/config.ts';
import type { AnyNeed, Need, Questions } from '../handshake/requests.ts';
import type { Verdict } from '../handshake/peer.ts';

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
    refuse(any, reason, config);
    return undefined;
  }
  if (!isPromise(answer)) {
    any.answer(answer as Uint8Array);
    return undefined;
  }
  return answer.then(
    (value) => any.answer(value as Uint8Array),
    (reason) => refuse(any, reason, config),
  );
}

/** A store that fails costs the session, not the connection: a full handshake is always possible. */
function refuse(need: Need<'sign'>, reason: unknown, config: Config): void {
  const kind: AnyNeed['kind'] = need.kind;
  if (!['takeSession', 'recheck', 'sealTicket', 'openTicket', 'loadState', 'storeState', 'firstUse'].includes(kind)) {
    need.refuse(reason);
    return;
  }
  config.onTrace?.({ type: 'note', by: config.role, text: `${kind} failed: ${String(reason)}` });
  (need as unknown as Need<'takeSession'>).answer(undefined);
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
      return (config as ServerConfig).selectContext?.(need.ask);
    case 'credential':
      return (need.ask.context?.credential ?? (config as ClientConfig).credential)?.(need.ask.query);
    case 'verifyPeer':
      return need.ask.verifier.verify(need.ask.peer);
    case 'verifySignature':
      return crypto.verifier.verify(need.ask.scheme.algorithm, need.ask.key, need.ask.input, need.ask.signature);
    case 'sign':
      return need.ask.credential.signer.sign(need.ask.scheme, need.ask.input);
    case 'decrypt':
      return need.ask.credential.signer.decryptRaw?.(need.ask.ciphertext);
    case 'takeSession':
      return (config as ClientConfig).sessions?.take(need.ask.key);
    case 'recheck':
      return recheck(need.ask);
    case 'sealTicket':
      return (config as ServerConfig).tickets?.seal(need.ask.state, need.ask.lifetime, need.ask.now);
    case 'openTicket':
      return (config as ServerConfig).tickets?.open(need.ask.ticket, need.ask.now);
    case 'loadState':
      return (config as ServerConfig).sessionIds?.take(need.ask.key);
    case 'storeState':
      return (config as ServerConfig).sessionIds?.put(need.ask.key, need.ask.state, need.ask.until);
    case 'findPsk':
      return (config as ServerConfig).findPsk?.(need.ask.identity);
    case 'firstUse':
      return (config as ServerConfig).earlyData?.guard.firstUse(need.ask);
  }
}

/** The short way is only for a verifier that says by `policy` when its rules have changed. */
function recheck({ verifier, peer, before }: Questions['recheck']['ask']): MaybePromise<Verdict> {
  if (verifier.policy === undefined || verifier.recheck === undefined) return verifier.verify(peer);
  return verifier.recheck(peer, before);
}

function isPromise(value: MaybePromise<unknown>): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function';
}

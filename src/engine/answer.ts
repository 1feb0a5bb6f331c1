import { printable } from '../bytes/text.ts';
import type { MaybePromise } from '../crypto/types.ts';
import type { ClientConfig, Config, ServerConfig } from '../handshake/config.ts';
import type { AnyRequest, Request, Requests } from '../handshake/requests.ts';
import type { Verdict } from '../handshake/peer.ts';

/**
 * Answers a request with what was configured. Returns a promise only if whoever was asked did: with synchronous providers
 * a whole handshake runs without one.
 */
export function answer(request: AnyRequest, config: Config): Promise<void> | undefined {
  // The kinds are tied to their answers in `ask` below; here they are all alike.
  const any = request as Request<'sign'>;
  let given: MaybePromise<unknown>;
  try {
    given = ask(request, config);
  } catch (reason) {
    refuse(any, reason, config);
    return undefined;
  }
  if (!isPromise(given)) {
    any.answer(given as Uint8Array);
    return undefined;
  }
  // Not every thenable's `then` returns a promise.
  return Promise.resolve(given).then(
    (value) => any.answer(value as Uint8Array),
    (reason) => refuse(any, reason, config),
  );
}

/** A store that fails costs the session, not the connection: a full handshake is always possible. */
function refuse(request: Request<'sign'>, reason: unknown, config: Config): void {
  const kind: AnyRequest['kind'] = request.kind;
  if (!['loadSession', 'recheck', 'sealTicket', 'openTicket', 'loadState', 'storeState', 'firstUse'].includes(kind)) {
    request.refuse(reason);
    return;
  }
  config.onTrace?.({ type: 'note', by: config.role, text: printable(`${kind} failed: ${String(reason)}`) });
  (request as unknown as Request<'loadSession'>).answer(undefined);
}

function ask(request: AnyRequest, config: Config): MaybePromise<unknown> {
  const { crypto } = config;
  switch (request.kind) {
    case 'offer':
      return request.ask.group.offer(crypto.random);
    case 'agree':
      return request.ask.offer.agree(request.ask.share);
    case 'accept':
      return request.ask.group.accept(request.ask.share, crypto.random);
    case 'context':
      return (config as ServerConfig).selectContext?.(request.ask);
    case 'credential':
      return (request.ask.context?.credential ?? (config as ClientConfig).credential)?.(request.ask.query);
    case 'verifyPeer':
      return request.ask.verifier.verify(request.ask.peer);
    case 'verifySignature':
      return crypto.verifier.verify(
        request.ask.scheme.algorithm,
        request.ask.key,
        request.ask.input,
        request.ask.signature,
      );
    case 'sign':
      return request.ask.credential.signer.sign(request.ask.scheme, request.ask.input);
    case 'decrypt':
      return request.ask.credential.signer.decryptRaw?.(request.ask.ciphertext);
    case 'loadSession':
      return (config as ClientConfig).sessions?.take(request.ask.key);
    case 'recheck':
      return recheck(request.ask);
    case 'sealTicket':
      return (config as ServerConfig).tickets?.seal(request.ask.state, request.ask.lifetime, request.ask.now);
    case 'openTicket':
      return (config as ServerConfig).tickets?.open(request.ask.ticket, request.ask.now);
    case 'loadState':
      return (config as ServerConfig).sessionIds?.take(request.ask.key);
    case 'storeState':
      return (config as ServerConfig).sessionIds?.put(request.ask.key, request.ask.state, request.ask.until);
    case 'findPsk':
      return (config as ServerConfig).findPsk?.(request.ask.identity);
    case 'firstUse':
      return (config as ServerConfig).earlyData?.guard.firstUse(request.ask);
  }
}

/** The short way is only for a verifier that says by `policy` when its rules have changed. */
function recheck({ verifier, peer, before }: Requests['recheck']['ask']): MaybePromise<Verdict> {
  if (verifier.policy === undefined || verifier.recheck === undefined) return verifier.verify(peer);
  return verifier.recheck(peer, before);
}

function isPromise(value: MaybePromise<unknown>): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function';
}

import { isPromise } from '../bytes/promise.ts';
import type { Config } from '../handshake/config.ts';
import { reasonText } from '../bytes/text.ts';
import type { MaybePromise } from '../crypto/types.ts';
import {
  type AnyRequest,
  REQUESTS,
  type Request,
  type RequestKind,
  type RequestRule,
  type Requests,
} from '../handshake/requests.ts';

/**
 * Answers a request by asking what was configured. Returns a promise only if what was asked did: with synchronous
 * providers a whole handshake runs without one.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { answer, clientConfig, Engine } from 'warifu/engine';
 * import { allowedKeys } from 'warifu/pki';
 * import { createAuthority } from 'warifu/pki/issue';
 * import { client13 } from 'warifu/protocols';
 * const { certificate } = await createAuthority({ subject: 'Example' });
 * const verifier = allowedKeys([certificate.spki]);
 * const engine = new Engine(
 *   clientConfig({ crypto: nobleProvider(), protocols: [client13], serverName: 'server.example', verifier }),
 * );
 * engine.start();
 * let event = engine.next();
 * for (; event.type === 'request'; event = engine.next()) await answer(event.request, engine.config);
 * event.type; // 'write': the ClientHello, once its key shares are made
 * ```
 */
export function answer(request: AnyRequest, config: Config): Promise<void> | undefined {
  return perform(request, config);
}

function perform<K extends RequestKind>(request: Request<K>, config: Config): Promise<void> | undefined {
  const rule: RequestRule<K> = REQUESTS[request.kind];
  let given: MaybePromise<Requests[K]['answer']>;
  let later: boolean;
  try {
    given = rule.ask(request.ask);
    // What was given may throw when it is only looked at.
    later = isPromise(given);
  } catch (reason) {
    failed(request, rule, reason, config);
    return undefined;
  }
  if (!later) {
    request.answer(given as Requests[K]['answer']);
    return undefined;
  }
  // Not every thenable's `then` returns a promise.
  return Promise.resolve(given).then(
    (value) => request.answer(value),
    (reason) => failed(request, rule, reason, config),
  );
}

/** Some failures cost the session only, others the connection: the table says which. */
function failed<K extends RequestKind>(
  request: Request<K>,
  { without }: RequestRule<K>,
  reason: unknown,
  config: Config,
): void {
  if (without === undefined) {
    request.refuse(reason);
    return;
  }
  config.onTrace?.({ type: 'note', by: config.role, text: `${request.kind} failed: ${reasonText(reason)}` });
  request.answer(without.answer);
}

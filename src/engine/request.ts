import { plainView } from '../bytes/bytes.ts';
import { describedAs } from '../bytes/conceal.ts';
import { isTlsError, TlsError } from '../errors.ts';
import {
  type AnyRequest,
  type AnyRequestBody,
  type Request,
  type RequestBody,
  type RequestKind,
  type RequestRule,
  REQUESTS,
  type Requests,
  type Secret,
} from '../handshake/requests.ts';
import { overwrite } from './owned.ts';

/** What a request can reach of its engine. */
interface Asking {
  isOpen(): boolean;
  isOver(): boolean;
  /** What was answered, held against what it may be. @throws TlsError ERR_OPTION, naming what was asked. */
  check(kind: RequestKind, value: unknown): unknown;
  /** With the secrets in the answer, which the engine owns from here on. */
  answer(value: unknown, secrets: readonly Secret[]): void;
  refuse(error: TlsError): void;
}

/** What a step yielded, made answerable: exactly once, and harmless once the connection is over. */
export function makeRequest(body: AnyRequestBody, engine: Asking): AnyRequest {
  // A request of one kind, whichever: the type of the union does not follow from that of the function.
  const request = answerable(body, engine) as AnyRequest;
  // What is asked may hold the secrets of a session, or the offer of a key exchange.
  return describedAs(request, () => `Request { ${body.kind} }`);
}

function answerable<K extends RequestKind>({ kind, ask }: RequestBody<K>, engine: Asking): Request<K> {
  const rule: RequestRule<K> = REQUESTS[kind];
  const mayAnswer = (): boolean => {
    if (engine.isOver()) return false;
    if (!engine.isOpen())
      throw new TlsError('ERR_STATE', { detail: `the request "${kind}" has been answered already` });
    return true;
  };
  return {
    kind,
    ask,
    answer: (value): void => {
      if (!mayAnswer()) {
        // It comes too late to be used by anything.
        for (const secret of secretsIn(rule, value)) overwrite(secret);
        return;
      }
      let checked: unknown;
      try {
        checked = engine.check(kind, value);
      } catch (cause) {
        try {
          for (const secret of secretsIn(rule, value)) overwrite(secret);
        } catch {
          // It cannot even be looked at: there is no secret of ours in it.
        }
        const detail = isTlsError(cause) ? cause.message : `${kind}: the answer cannot be read`;
        engine.refuse(new TlsError(rule.fault, { detail, cause }));
        return;
      }
      engine.answer(checked instanceof Uint8Array ? plainView(checked) : checked, secretsIn(rule, value));
    },
    refuse: (reason): void => {
      if (mayAnswer()) engine.refuse(isTlsError(reason) ? reason : new TlsError(rule.fault, { cause: reason }));
    },
  };
}

/** None where there is no answer, whatever the type says: it came from a provider. */
function secretsIn<K extends RequestKind>({ secrets }: RequestRule<K>, answer: Requests[K]['answer']): Secret[] {
  if (answer === undefined || answer === null) return [];
  return secrets?.(answer).filter((secret) => secret !== undefined) ?? [];
}

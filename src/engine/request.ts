import { plainView } from '../bytes/bytes.ts';
import { describedAs } from '../bytes/conceal.ts';
import { type LocalFault, TlsError } from '../errors.ts';
import type { AnyRequest, AnyRequestBody, RequestKind, ContextSelection } from '../handshake/requests.ts';
import { overwrite, secretsIn } from './owned.ts';

/** What a refused question says about whose fault it is. */
const FAULT_OF: { readonly [K in RequestKind]: LocalFault } = {
  offer: 'ERR_INTERNAL',
  agree: 'ERR_INTERNAL',
  accept: 'ERR_INTERNAL',
  context: 'ERR_CALLBACK_FAILED',
  credential: 'ERR_CALLBACK_FAILED',
  verifyPeer: 'ERR_VERIFIER_FAILED',
  verifySignature: 'ERR_INTERNAL',
  sign: 'ERR_SIGNER_FAILED',
  decrypt: 'ERR_SIGNER_FAILED',
  loadSession: 'ERR_CALLBACK_FAILED',
  recheck: 'ERR_VERIFIER_FAILED',
  sealTicket: 'ERR_CALLBACK_FAILED',
  openTicket: 'ERR_CALLBACK_FAILED',
  loadState: 'ERR_CALLBACK_FAILED',
  storeState: 'ERR_CALLBACK_FAILED',
  findPsk: 'ERR_CALLBACK_FAILED',
  firstUse: 'ERR_CALLBACK_FAILED',
};

/** A question made answerable: exactly once, and harmless once the connection is over. */
export function makeRequest(
  question: AnyRequestBody,
  engine: { isOpen(): boolean; isOver(): boolean; answer(value: unknown): void; refuse(error: TlsError): void },
): AnyRequest {
  const mayAnswer = (): boolean => {
    if (engine.isOver()) return false;
    if (!engine.isOpen())
      throw new TlsError('ERR_STATE', { detail: `the request "${question.kind}" has been answered already` });
    return true;
  };
  const request = {
    ...question,
    answer: (value: unknown): void => {
      if (!mayAnswer()) {
        // It comes too late to be used by anything.
        for (const secret of secretsIn(question.kind, value)) overwrite(secret);
        return;
      }
      const wrong = question.kind === 'context' ? wrongContext(value as ContextSelection | undefined) : undefined;
      if (wrong !== undefined)
        engine.refuse(new TlsError('ERR_CALLBACK_FAILED', { detail: `selectContext: ${wrong}` }));
      else engine.answer(value instanceof Uint8Array ? plainView(value) : value);
    },
    refuse: (reason: unknown): void => {
      if (mayAnswer())
        engine.refuse(reason instanceof TlsError ? reason : new TlsError(FAULT_OF[question.kind], { cause: reason }));
    },
  } as AnyRequest;
  // What is asked may hold the secrets of a session, or the offer of a key exchange.
  return describedAs(request, () => `Request { ${question.kind} }`);
}

/** What a program chose for a client is looked at as its options are: it would be passed over in silence otherwise. */
function wrongContext(context: ContextSelection | undefined): string | undefined {
  if (context === undefined || context === null) return undefined;
  for (const key of Object.keys(context)) if (!CONTEXT_KEYS.includes(key)) return `there is no ${key}`;
  const protocol = context.alpn?.find(({ length }) => length < 1 || length > 255);
  return protocol === undefined ? undefined : `a protocol has 1 to 255 bytes, not ${protocol.length}`;
}

const CONTEXT_KEYS: readonly string[] = [
  'credential',
  'alpn',
  'clientAuth',
  'verifier',
  'name',
] satisfies readonly (keyof ContextSelection)[];

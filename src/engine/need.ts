import { plainView } from '../bytes/bytes.ts';
import { type LocalFault, TlsError } from '../errors.ts';
import type { AnyNeed, AnyQuestion, QuestionKind } from '../handshake/needs.ts';

/** What a refused question says about whose fault it is. */
const FAULT_OF: { readonly [K in QuestionKind]: LocalFault } = {
  offer: 'ERR_INTERNAL',
  agree: 'ERR_INTERNAL',
  accept: 'ERR_INTERNAL',
  context: 'ERR_CALLBACK_FAILED',
  credential: 'ERR_CALLBACK_FAILED',
  verifyPeer: 'ERR_VERIFIER_FAILED',
  verifySignature: 'ERR_INTERNAL',
  sign: 'ERR_SIGNER_FAILED',
  decrypt: 'ERR_SIGNER_FAILED',
  takeSession: 'ERR_CALLBACK_FAILED',
  recheck: 'ERR_VERIFIER_FAILED',
  sealTicket: 'ERR_CALLBACK_FAILED',
  openTicket: 'ERR_CALLBACK_FAILED',
  takeState: 'ERR_CALLBACK_FAILED',
  keepState: 'ERR_CALLBACK_FAILED',
  findPsk: 'ERR_CALLBACK_FAILED',
  firstUse: 'ERR_CALLBACK_FAILED',
};

/** A question made answerable: exactly once, and harmless once the connection is over. */
export function makeNeed(
  question: AnyQuestion,
  engine: { isOpen(): boolean; isOver(): boolean; answer(value: unknown): void; refuse(error: TlsError): void },
): AnyNeed {
  const mayAnswer = (): boolean => {
    if (engine.isOver()) return false;
    if (!engine.isOpen())
      throw new TlsError('ERR_STATE', { detail: `the need "${question.kind}" has been answered already` });
    return true;
  };
  return {
    ...question,
    answer: (value: unknown): void => {
      if (mayAnswer()) engine.answer(value instanceof Uint8Array ? plainView(value) : value);
    },
    refuse: (reason: unknown): void => {
      if (mayAnswer())
        engine.refuse(reason instanceof TlsError ? reason : new TlsError(FAULT_OF[question.kind], { cause: reason }));
    },
  } as AnyNeed;
}

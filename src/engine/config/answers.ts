import { bytesOf } from '../../bytes/bytes.ts';
import type { Config } from '../../handshake/config.ts';
import type { RequestKind } from '../../handshake/requests.ts';
import { checkSession } from './answered-session.ts';
import { checkVerdict } from './answered-verdict.ts';
import { readCredential } from './credential.ts';
import { checkPsk } from './resumption.ts';
import { unsuitable } from './rules.ts';
import { checkSelection } from './selection.ts';

/**
 * What a program, a verifier, a store or a provider answers is held against what it may be, as options are. A typo in an
 * answer must not open what the answer was to close. Each role has the requests that it can make.
 * @throws TlsError ERR_OPTION, naming the callback, what was expected and what was found.
 */
export function checkClientAnswer(kind: RequestKind, answer: unknown): unknown {
  if (kind !== 'loadSession') return checkAnswer(kind, answer);
  return isNothing(answer) ? undefined : checkSession(answer);
}

/** The same for a server. @throws TlsError ERR_OPTION. */
export function checkServerAnswer(kind: RequestKind, answer: unknown, config: Config): unknown {
  switch (kind) {
    case 'context':
      return config.role === 'server' ? checkSelection(answer, config) : undefined;
    case 'firstUse':
      return answer === undefined ? undefined : only('boolean', 'guard.firstUse()', answer);
    case 'decrypt':
      return answer === undefined ? undefined : checkBytes('decryptRaw()', answer, 0, 0xffff);
    case 'sealTicket':
      return answer === undefined ? undefined : checkBytes('tickets.seal()', answer, 1, 0xffff);
    case 'openTicket':
      return answer === undefined ? undefined : checkBytes('tickets.open()', answer, 0, 0xffffff);
    case 'loadState':
      return isNothing(answer) ? undefined : checkBytes('sessionIds.take()', answer, 0, 0xffffff);
    case 'findPsk':
      return isNothing(answer) ? undefined : checkPsk(answer);
    default:
      return checkAnswer(kind, answer);
  }
}

/** What both ask, and what of the other role cannot come. */
function checkAnswer(kind: RequestKind, answer: unknown): unknown {
  switch (kind) {
    case 'credential':
      return isNothing(answer) ? undefined : readCredential(answer, 'credential()');
    case 'verifyPeer':
      return checkVerdict('verify()', answer);
    case 'recheck':
      return answer === undefined ? undefined : checkVerdict('recheck()', answer);
    case 'verifySignature':
      return only('boolean', "the provider's verify()", answer);
    case 'sign':
      return checkBytes('sign()', answer, 1, 0xffff);
    case 'sealRecords':
    case 'openRecords':
      if (!Array.isArray(answer))
        throw unsuitable("the provider's bulk lane", 'a list with one result for each job', answer);
      return answer;
    case 'offer':
    case 'agree':
    case 'accept':
      return answer;
    default:
      return undefined;
  }
}

function isNothing(answer: unknown): boolean {
  return answer === undefined || answer === null;
}

function checkBytes(who: string, value: unknown, min: number, max: number): Uint8Array {
  const view = bytesOf(value);
  if (view === undefined) throw unsuitable(who, 'bytes (Uint8Array)', value);
  if (view.length < min || view.length > max) throw unsuitable(who, `${min} to ${max} bytes`, value);
  return view;
}

function only(type: 'boolean', who: string, value: unknown): boolean {
  if (typeof value !== type) throw unsuitable(who, 'true or false', value);
  return value === true;
}

import { bytesOf } from '../../bytes/bytes.ts';
import type { Config } from '../../handshake/config.ts';
import type { Credential } from '../../handshake/peer.ts';
import type { RequestKind } from '../../handshake/requests.ts';
import { checkSession } from './answered-session.ts';
import { checkVerdict } from './answered-verdict.ts';
import { readCredential } from './credential.ts';
import { checkPsk } from './resumption.ts';
import { unsuitable } from './rules.ts';
import { checkSelection } from './selection.ts';

/**
 * What a program, a verifier, a store or a provider answers is held against what it may be, as options are. A typo in an
 * answer must not open what the answer was to close.
 * @throws TlsError ERR_OPTION, naming the callback, what was expected and what was found.
 */
export function checkAnswer(kind: RequestKind, answer: unknown, config: Config): unknown {
  switch (kind) {
    case 'context':
      return config.role === 'server' ? checkSelection(answer, config) : undefined;
    case 'credential':
      return answer === undefined || answer === null ? undefined : checkCredential(answer);
    case 'verifyPeer':
      return checkVerdict('verify()', answer);
    case 'recheck':
      return answer === undefined ? undefined : checkVerdict('recheck()', answer);
    case 'verifySignature':
      return only('boolean', "the provider's verify()", answer);
    case 'firstUse':
      return answer === undefined ? undefined : only('boolean', 'guard.firstUse()', answer);
    case 'sign':
      return checkBytes('sign()', answer, 1, 0xffff);
    case 'decrypt':
      return answer === undefined ? undefined : checkBytes('decryptRaw()', answer, 0, 0xffff);
    case 'sealTicket':
      return answer === undefined ? undefined : checkBytes('tickets.seal()', answer, 1, 0xffff);
    case 'openTicket':
      return answer === undefined ? undefined : checkBytes('tickets.open()', answer, 0, 0xffffff);
    case 'loadState':
      return answer === undefined || answer === null ? undefined : checkBytes('sessionIds.take()', answer, 0, 0xffffff);
    case 'storeState':
      return undefined;
    case 'findPsk':
      return answer === undefined || answer === null ? undefined : checkPsk(answer);
    case 'loadSession':
      return answer === undefined || answer === null ? undefined : checkSession(answer);
    case 'sealRecords':
    case 'openRecords':
      if (!Array.isArray(answer))
        throw unsuitable("the provider's bulk lane", 'a list with one result for each job', answer);
      return answer;
    case 'offer':
    case 'agree':
    case 'accept':
      return answer;
  }
}

function checkCredential(answer: unknown): Credential {
  return readCredential(answer, 'credential()');
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

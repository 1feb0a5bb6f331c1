import { bytesOf } from '../../bytes/bytes.ts';
import type { Verdict, VerificationFailure } from '../../handshake/peer.ts';
import { unsuitable } from './rules.ts';

/** What a verifier answers. @throws TlsError ERR_OPTION, naming what is not as it has to be. */
export function checkVerdict(who: string, answer: unknown): Verdict {
  const verdict = object<Verdict>(who, 'a verdict (an object with ok: true or ok: false)', answer);
  const ok: unknown = verdict.ok;
  if (ok === true && verdict.ok) {
    const key = bytesOf(verdict.publicKey);
    if (key === undefined || key.length === 0)
      throw unsuitable(`${who}: publicKey`, 'the bytes of a SubjectPublicKeyInfo', verdict.publicKey);
    if (!Array.isArray(verdict.path)) throw unsuitable(`${who}: path`, 'a list of DER certificates', verdict.path);
    return verdict;
  }
  if (ok !== false || verdict.ok) throw unsuitable(`${who}: ok`, 'true or false', ok);
  const failure = object<VerificationFailure>(
    `${who}: failure`,
    'an object with code, message and alert',
    verdict.failure,
  );
  if (typeof failure.message !== 'string') throw unsuitable(`${who}: failure.message`, 'a text', failure.message);
  return verdict;
}

function object<T extends object>(who: string, expected: string, value: unknown): T {
  if (!isObject<T>(value)) throw unsuitable(who, expected, value);
  return value;
}

function isObject<T extends object>(value: unknown): value is T {
  return typeof value === 'object' && value !== null;
}

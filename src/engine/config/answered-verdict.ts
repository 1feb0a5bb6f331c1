import { bytesOf } from '../../bytes/bytes.ts';
import { isObject } from '../../bytes/shape.ts';
import type { Verdict, VerificationFailure } from '../../handshake/peer.ts';
import { unsuitable } from './rules.ts';

/**
 * What a verifier answers, of which every part has been looked at once and is kept as it was then.
 *
 * @throws TlsError ERR_OPTION, naming what is not as it has to be.
 */
export function checkVerdict(who: string, answer: unknown): Verdict {
  const verdict = object<Verdict>(who, 'a verdict (an object with ok: true or ok: false)', answer);
  const ok: unknown = verdict.ok;
  if (ok === true && verdict.ok) return accepted(who, verdict);
  if (ok !== false || verdict.ok) throw unsuitable(`${who}: ok`, 'true or false', ok);
  const { failure, publicKey } = verdict;
  const { message } = object<VerificationFailure>(`${who}: failure`, 'an object with code, message and alert', failure);
  if (typeof message !== 'string') throw unsuitable(`${who}: failure.message`, 'a text', message);
  return { ok, failure, ...(publicKey === undefined ? undefined : { publicKey: keyOf(who, publicKey) }) };
}

function accepted(who: string, { publicKey, path, checks, details }: Verdict & { readonly ok: true }): Verdict {
  if (!Array.isArray(path)) throw unsuitable(`${who}: path`, 'a list of DER certificates', path);
  if (checks !== undefined && !isTexts(checks)) throw unsuitable(`${who}: checks`, 'a list of texts', checks);
  return {
    ok: true,
    publicKey: keyOf(who, publicKey),
    path: path.map((certificate, position) => certificateOf(`${who}: path[${position}]`, certificate)),
    ...(checks === undefined ? undefined : { checks }),
    ...(details === undefined ? undefined : { details: object(`${who}: details`, 'an object', details) }),
  };
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function keyOf(who: string, publicKey: unknown): Uint8Array {
  const key = bytesOf(publicKey);
  if (key === undefined || key.length === 0)
    throw unsuitable(`${who}: publicKey`, 'the bytes of a SubjectPublicKeyInfo', publicKey);
  return key;
}

function certificateOf(who: string, value: unknown): Uint8Array {
  const bytes = bytesOf(value);
  if (bytes === undefined) throw unsuitable(who, 'the bytes of a DER certificate', value);
  return bytes;
}

function object<T extends object>(who: string, expected: string, value: unknown): T {
  if (!isObject<T>(value)) throw unsuitable(who, expected, value);
  return value;
}

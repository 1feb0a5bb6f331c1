import { bytesOf } from '../../bytes/bytes.ts';
import type { HashName } from '../../crypto/types.ts';
import type { Presented, Verdict } from '../../handshake/peer.ts';
import { type ClientSession, describeSession, type SessionPeer } from '../../handshake/session.ts';
import { checkVerdict } from './answered-verdict.ts';
import { unsuitable } from './rules.ts';

const STORE = 'store.take()';

/**
 * What a store hands out, field by field: it may have been written down, read back, and lost what JSON cannot hold.
 * @throws TlsError ERR_OPTION, naming the field. A time that is no number is left to the handshake: it is in no time.
 */
export function checkSession(answer: unknown): ClientSession {
  if (typeof answer !== 'object' || answer === null) throw unsuitable(STORE, 'a session of put()', answer);
  const field = (name: string): unknown => (Object.hasOwn(answer, name) ? Reflect.get(answer, name) : undefined);
  const version = field('version');
  const alpn = field('alpn') ?? undefined;
  if (alpn !== undefined && typeof alpn !== 'string') throw wrong('alpn', 'a text', alpn);
  const authenticated = field('authenticated');
  if (typeof authenticated !== 'boolean') throw wrong('authenticated', 'true or false', authenticated);
  const common = {
    suite: whole('suite', field('suite'), 0xffff),
    receivedAt: time(field('receivedAt')),
    lifetime: time(field('lifetime')),
    alpn,
    authenticated,
    peer: sessionPeer(field('peer')),
  };
  const [ticket, secret] = [field('ticket'), field('secret')];
  if (version === 0x0304)
    return describeSession({
      ...common,
      version,
      ticket: bytes('ticket', ticket, 1, 0xffff),
      secret: bytes('secret', secret, 1, 255),
      hash: hashName(field('hash')),
      ageAdd: whole('ageAdd', field('ageAdd'), 0xffff_ffff),
      maxEarlyData: whole('maxEarlyData', field('maxEarlyData'), 0xffff_ffff),
    });
  if (version !== 0x0303) throw wrong('version', '0x0304 or 0x0303', version);
  const group = field('group') ?? undefined;
  return describeSession({
    ...common,
    version,
    ticket: bytes('ticket', ticket, 0, 0xffff),
    sessionId: bytes('sessionId', field('sessionId'), 0, 32),
    secret: bytes('secret', secret, 48, 48),
    group: group === undefined ? undefined : whole('group', group, 0xffff),
  });
}

function sessionPeer(value: unknown): SessionPeer {
  const { presented, verdict } = object('peer', value);
  const { chain, ocspResponses, sctLists } = object('peer.presented', presented);
  const shown: Presented = {
    chain: list('chain', chain).map((one) => bytes('peer.presented.chain', one, 1, 0xff_ffff)),
    ocspResponses: stapled('ocspResponses', ocspResponses),
    sctLists: stapled('sctLists', sctLists),
  };
  const before: Verdict = checkVerdict(`${STORE}: peer.verdict`, verdict);
  if (!before.ok) throw wrong('peer.verdict.ok', 'true', false);
  return { presented: shown, verdict: before };
}

/** For each certificate, or nothing; null is what JSON makes of nothing. */
function stapled(name: 'ocspResponses' | 'sctLists', value: unknown): (Uint8Array | undefined)[] {
  return list(name, value).map((one) =>
    one === undefined || one === null ? undefined : bytes(`peer.presented.${name}`, one, 0, 0xff_ffff),
  );
}

function list(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(`peer.presented.${name}`, 'a list', value);
  return Array.from<unknown>(value);
}

function object(name: string, value: unknown): { readonly [field: string]: unknown } {
  if (typeof value !== 'object' || value === null) throw wrong(name, 'an object', value);
  return { ...value };
}

function bytes(name: string, value: unknown, min: number, max: number): Uint8Array {
  const view = bytesOf(value);
  if (view === undefined) throw wrong(name, 'bytes (Uint8Array)', value);
  if (view.length < min || view.length > max) throw wrong(name, `${min} to ${max} bytes`, value);
  return view;
}

function whole(name: string, value: unknown, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw wrong(name, `a whole number up to ${max}`, value);
}

function time(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}

function hashName(value: unknown): HashName {
  if (value === 'sha256' || value === 'sha384') return value;
  throw wrong('hash', "'sha256' or 'sha384'", value);
}

function wrong(name: string, expected: string, found: unknown): Error {
  return unsuitable(`${STORE}: ${name}`, expected, found);
}

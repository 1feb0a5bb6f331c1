import { describe, expect, it } from 'vitest';
import { escapeJson, MAX_MESSAGE, printable, quoted, quotedList } from '../../src/bytes/text.ts';
import { FAULTS, TlsError } from '../../src/errors.ts';
import { nameText } from '../../src/pki/x509/general-name-text.ts';
import { failureOf } from '../../src/pki/x509/verdict.ts';
import { derElement, derOid, derSequence, derSet } from '../../src/bytes/der-writer.ts';
import type { TraceEvent } from '../../src/handshake/config.ts';
import type { PeerVerifier } from '../../src/handshake/peer.ts';
import { makeClient, makeServer, run } from '../support/pair.ts';
import { believesAll } from '../support/sessions.ts';

/** What a peer chose is shown so that no terminal obeys it, no log is forged by it, and no line is filled by it. */

const ESCAPES = '\u001b[31m\u001b]0;title\u0007\u009b2J';
const LINES = 'a\r\n2026-01-01 connection accepted\u2028b\u2029c\u0085d\u000b\u000c';
const BIDI = '\u202egnp.exe\u2066x\u2069\u200f\u061c';
const UNSEEN = '\u200b\u200d\ufeff\u00ad\u{e0041}\u2060\ufe0f';
const BROKEN = '\ud800 \udfff \ufffe';
const HOSTILE = [ESCAPES, LINES, BIDI, UNSEEN, BROKEN].join('');

/** Nothing in it that is not a letter, a mark, a digit, a sign or a space. */
function expectHarmless(text: string, longest: number = 2 * MAX_MESSAGE): void {
  expect(text).toMatch(/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u);
  expect(text).not.toMatch(/\p{Default_Ignorable_Code_Point}/u);
  expect(text.length).toBeLessThanOrEqual(longest);
}

describe('printable text', () => {
  it('has no character that steers, turns round, breaks or hides', () => {
    expectHarmless(printable(HOSTILE));
    expect(printable('\u001b[0m')).toBe('\\x1b[0m');
    expect(printable('a\nb\u2028')).toBe('a\\x0ab\\u2028');
    expect(printable('\u{e0041}')).toBe('\\u{e0041}');
    for (let code = 0; code < 0x3000; code++) expectHarmless(printable(String.fromCodePoint(code)));
  });

  it('leaves what people write as it is', () => {
    for (const text of ['Müller & Söhne', 'Ελλάδα 日本 العربية', 'a "b" (c) — d…', '😀'])
      expect(printable(text)).toBe(text);
  });

  it('is cut, and the cut is said', () => {
    expect(printable('x'.repeat(100), 10)).toBe(`${'x'.repeat(10)}… (90 characters more)`);
    expect(quoted('"'.repeat(3))).toBe('"\\"\\"\\""');
    expect(
      quotedList(
        Array.from({ length: 1000 }, (_, index) => `p${index}`),
        2,
      ),
    ).toBe('"p0", "p1" and 998 more');
  });
});

describe('errors', () => {
  it('of a transport name what went wrong with it, a code once', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
    const message = (cause: unknown): string => new TlsError('ERR_TRANSPORT', { cause }).message;
    expect(message(refused)).toBe('ERR_TRANSPORT: the transport failed: connect ECONNREFUSED 127.0.0.1:1');
    expect(message(Object.assign(new AggregateError([refused], ''), { code: 'ECONNREFUSED' }))).toBe(message(refused));
    expect(message(Object.assign(new Error('gone'), { code: 'EPIPE' }))).toBe(
      'ERR_TRANSPORT: the transport failed: gone (EPIPE)',
    );
    expect(message(undefined)).toBe('ERR_TRANSPORT: the transport failed');
    expect(new TlsError('ERR_TRANSPORT', { cause: refused, detail: 'said already' }).message).not.toContain('ECONN');
  });

  it('of a connection that was closed say whether data can be missing', () => {
    const lost = (engine: ReturnType<typeof makeClient>): string => {
      engine.receiveEnd();
      for (let event = engine.next(); event.type !== 'wait'; event = engine.next())
        if (event.type === 'failed') return event.error.message;
        else if (event.type === 'request') engine.answer(event.request);
      return '';
    };
    const fresh = makeClient();
    fresh.start();
    expect(lost(fresh)).toMatch(/ERR_TRUNCATED: .*in the handshake, before the peer had answered/);
    const client = makeClient();
    run({ client, server: makeServer() });
    expect(lost(client)).toMatch(/ERR_TRUNCATED: .*the last data may be missing/);
  });

  it('of every code are one harmless line, however long and whatever the detail', () => {
    for (const code of [...Object.keys(FAULTS), 'ERR_OPTION', 'ERR_TRANSPORT'] as (keyof typeof FAULTS)[]) {
      const error = new TlsError(code, { detail: HOSTILE + 'x'.repeat(1_000_000) });
      expectHarmless(error.message);
      expect(error.stack?.split('\n')[0]).toContain(error.message);
    }
  });

  it('of a verifier are too, in every field', () => {
    const failure = {
      code: 'CERT_REFUSED',
      message: HOSTILE,
      alert: 42,
      expected: HOSTILE,
      found: 'y'.repeat(100_000),
      advice: HOSTILE,
      certificate: { position: 0, subject: HOSTILE, serial: '1' },
    } as const;
    const error = new TlsError('ERR_PEER_REFUSED', { failure });
    const { message, expected, found, advice, certificate } = error.failure!;
    for (const text of [error.message, message, expected!, found!, advice!, certificate!.subject]) expectHarmless(text);
    expect(error.failure).toMatchObject({ code: 'CERT_REFUSED', alert: 42 });
  });

  it('the names of a certificate are too', () => {
    const name = derSequence(
      derSet(derSequence(derOid('2.5.4.3'), derElement(0x0c, new TextEncoder().encode(`${HOSTILE.slice(0, 40)}=,+"`)))),
    );
    expectHarmless(nameText(name));
    const long = derSequence(
      derSet(derSequence(derOid('2.5.4.3'), derElement(0x0c, new TextEncoder().encode('z'.repeat(100_000))))),
    );
    expectHarmless(nameText(long), 400);
    expectHarmless(failureOf({ code: 'CERT_EXPIRED', what: HOSTILE, found: HOSTILE }, undefined, 0).message);
  });
});

describe('JSON', () => {
  it('reads the same, and does nothing to a terminal', () => {
    const value = { [HOSTILE]: [HOSTILE, 'plain "and" \\ ü 名'] };
    const text = escapeJson(JSON.stringify(value));
    expectHarmless(text, Number.POSITIVE_INFINITY);
    expect(JSON.parse(text)).toEqual(value);
  });
});

describe('in a handshake', () => {
  it("the protocols of a client are not said to the server's log as they are", () => {
    const alpn = Array.from({ length: 200 }, (_, index) => `${index}\u001b[31m\nok ${'x'.repeat(230)}`);
    const steps = run({ client: makeClient({ alpn }), server: makeServer({ alpn: ['h2'] }) });
    const failed = steps.server.find((step) => step.type === 'failed')!;
    expectHarmless(failed.error.message, 1_000);
    expect(failed.error.message).toMatch(
      /ERR_NO_SHARED_ALPN.*"0\\x1b\[31m\\x0aok x+… \(\d+ characters more\)", .* and 192 more$/,
    );
  });

  it('what a verifier, a store or a guard says reaches the trace harmless', () => {
    const notes: string[] = [];
    const onTrace = (event: TraceEvent): void => {
      if (event.type === 'note') notes.push(event.text);
    };
    const refuses = (): never => {
      throw new Error(HOSTILE);
    };
    const verifier: PeerVerifier = {
      verify: () => ({ ok: false, failure: { code: 'CERT_REFUSED', message: HOSTILE, alert: 42 } }),
    };
    const sessions = { take: refuses, put: refuses };
    const steps = run({
      client: makeClient({ onTrace, verifier, sessions }),
      server: makeServer({ onTrace, earlyData: { guard: believesAll }, tickets: { seal: refuses, open: refuses } }),
    });
    const failed = steps.client.find((step) => step.type === 'failed')!;
    expect(failed.error.code).toBe('ERR_PEER_REFUSED');
    expectHarmless(failed.error.message);
    run({
      client: makeClient({ onTrace, sessions }),
      server: makeServer({ onTrace, tickets: { seal: refuses, open: refuses } }),
    });
    expect(notes.filter((text) => text.includes('\\x1b')).length).toBeGreaterThan(1);
    for (const text of notes) expectHarmless(text);
  });
});

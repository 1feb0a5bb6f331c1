import { describe, expect, it } from 'vitest';
import { LEFT_OUT, REASONS, reasonFor, runsOf } from './plan.ts';
import { PROFILES } from './profiles.ts';
import { conversationsOf } from './script.ts';

describe('the plan for tlsfuzzer', () => {
  it('has a server for every script, and a reason for every one that is left out', () => {
    for (const script of ['tls13-finished', 'sig-algs', 'not-known'])
      for (const { profile } of runsOf(script)) expect(PROFILES[profile]).toBeDefined();
    for (const reason of [...Object.values(LEFT_OUT), ...REASONS.map((one) => one.reason)])
      expect(reason.length).toBeGreaterThan(20);
  });

  it('explains what it knows, and nothing else', () => {
    expect(reasonFor('renegotiation-disabled', 'try', 'Alert(fatal, no_renegotiation)')).toMatch(/no renegotiation/);
    expect(
      reasonFor('tls13-finished', 'sanity', 'AssertionError: Timeout when waiting for peer message'),
    ).toBeUndefined();
    expect(reasonFor('tls13-hrr', 'sanity', 'Alert(fatal, handshake_failure)')).toBeUndefined();
  });

  it('reads what scripts print', () => {
    const text = 'sanity ...\nOK\n\nbad one ...\nError while processing\nTraceback\nAssertionError: no\n\nTest end\n';
    expect(conversationsOf(`\n\n${text}`)).toEqual([
      { name: 'sanity' },
      { name: 'bad one', failure: 'AssertionError: no' },
    ]);
  });
});

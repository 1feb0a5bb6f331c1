import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAULTS, type LocalFault, type Misuse } from '../../src/errors.ts';
import { Flags, parseCommandLine, Unimplemented } from './flags.ts';
import { report } from './report.ts';
import { coreLine, summarize, tally } from './summary.ts';

/** The tools around the suite; the suite itself needs a runner that is built elsewhere. */

const config = JSON.parse(readFileSync(new URL('config.json', import.meta.url), 'utf8')) as {
  readonly DisabledTests: { readonly [glob: string]: string };
  readonly ErrorMap: { readonly [name: string]: readonly string[] };
};

const LOCAL: readonly (LocalFault | Misuse)[] = [
  'ERR_PEER_REFUSED',
  'ERR_CALLBACK_FAILED',
  'ERR_ALERT_RECEIVED',
  'ERR_LIMIT',
  'ERR_OPTION',
];

describe('the configuration', () => {
  it('has a reason for everything that is left out', () => {
    for (const [glob, reason] of Object.entries(config.DisabledTests)) expect(reason.length, glob).toBeGreaterThan(10);
  });

  it('names only errors that there are', () => {
    for (const [name, errors] of Object.entries(config.ErrorMap)) {
      expect(errors.length, name).toBeGreaterThan(0);
      for (const error of errors) {
        const [code] = error.split(':');
        if (code?.startsWith('ERR_') !== true) continue;
        expect(code in FAULTS || LOCAL.includes(code as LocalFault), code).toBe(true);
      }
    }
  });
});

describe('the command line', () => {
  const parse = (...args: string[]) => parseCommandLine(['-port', '1', '-shim-id', '2', ...args]);

  it('tells each connection what it is meant to hear', () => {
    const line = parse('-server', '-on-resume-expect-session-miss', '-on-initial-expect-version', '771');
    expect(line.initial.flags.has('server') && line.resume.flags.has('server') && line.retry.flags.has('server')).toBe(
      true,
    );
    expect(line.initial.flags.has('expect-session-miss')).toBe(false);
    expect(line.resume.flags.has('expect-session-miss')).toBe(true);
    expect(line.initial.flags.number('expect-version')).toBe(771);
    expect(line.resume.flags.number('expect-version')).toBeUndefined();
  });

  it('skips what is for another process, with its value', () => {
    const { flags } = parse('-on-handshaker-max-version', '772', '-on-shim-max-version', '771').initial;
    expect(flags.number('max-version')).toBe(771);
  });

  it('gives flags of a credential to the one that was added last', () => {
    const { credentials } = parse(
      '-cert-file',
      'a',
      '-new-x509-credential',
      '-cert-file',
      'b',
      '-curves',
      '29',
    ).initial;
    expect(credentials.map((one) => one.text('cert-file'))).toEqual(['a', 'b']);
  });

  it('collects what comes more than once, and refuses what is not known', () => {
    const { flags } = parse('-curves', '29', '-curves', '23').initial;
    expect(flags.numbers('curves')).toEqual([29, 23]);
    expect(() => parse('-dtls')).toThrow(Unimplemented);
    expect(new Flags().bytes('ocsp-response')).toBeUndefined();
  });
});

describe('the figures', () => {
  const figures = tally({
    tests: [
      { name: 'NoFallbackSCSV', flags: ['-server'] },
      { name: 'Basic-2', flags: ['-resume-count'] },
      { name: 'KeyUpdate-ToClient', flags: ['-expect-no-session-id'] },
      { name: 'KeyUpdate-DTLS', flags: [] },
    ],
    results: {
      NoFallbackSCSV: { actual: 'PASS' },
      'Basic-2': { actual: 'SKIP' },
      'KeyUpdate-ToClient': { actual: 'FAIL', error: 'a timeout' },
    },
    disabled: { '*-DTLS': 'DTLS is not implemented', 'Nothing*': 'there is no such test' },
    unimplemented: ['the flag -x', 'the flag -peek-then-read'],
    core: ['NoFallbackSCSV', 'KeyUpdate-ToClient', 'KeyUpdate-DTLS'],
  });

  it('count each test once, where it belongs', () => {
    const text = summarize(figures, false);
    expect(text).toContain('| Basic | 2 | 1 | 0 | 1 | 0 |');
    expect(text).toContain('| KeyUpdate | 1 | 0 | 1 | 0 | 1 |');
    expect(text).toContain('| **all** | 3 | 1 | 1 | 1 | 1 |');
    expect(text).toContain('| DTLS is not implemented | 1 |');
    expect(text).toContain('no test matches Nothing*');
    expect(text).toContain('FAILED KeyUpdate-ToClient');
    expect(text).not.toContain('a timeout');
  });

  it('tell what every library has to do from the rest, and what needs sessions', () => {
    expect(coreLine(figures)).toBe(
      'group A: 1 of 3 passed (1 of 2 without sessions, 0 of 1 with sessions, tickets or early data); 1 failed, 0 not implemented, 1 disabled',
    );
    expect(coreLine({ ...figures, core: undefined })).toBeUndefined();
  });

  it('make a page that is the same for the same run', () => {
    const page = report(figures, 'abc123');
    expect(page).toBe(report(figures, 'abc123'));
    expect(page).toContain('Runner: BoringSSL abc123.');
    expect(page).toContain('| DTLS is not implemented | 1 | 1 | `*-DTLS` |');
    expect(page).toContain('| the flag -peek-then-read | 1 | data cannot be looked at without taking it |');
    expect(page).toContain('| the flag -x | 1 | **no reason is given** |');
    expect(page).toContain('- `KeyUpdate-ToClient`');
    expect(page).toContain('- Group A: 1 of 3 passed');
  });
});

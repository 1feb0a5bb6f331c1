import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../src/crypto/random.ts';
import { identityOf, policyOf } from '../../src/handshake/session.ts';
import { freshPolicy } from '../../src/pki/path/recheck.ts';
import { makeClient, makeServer } from '../support/pair.ts';
import { ends, talk } from '../support/sessions.ts';
import { toyCredential, toyProvider } from '../support/toy.ts';

/** Parts without a name of their own: two processes that share the keys of their tickets must not call them the same. */

const nothing = (): undefined => undefined;

describe('names of what has no name', () => {
  it('are the same for the same object, and differ between objects', () => {
    const [one, other] = [{}, {}];
    expect(identityOf(one, systemRandom)).toBe(identityOf(one, systemRandom));
    expect(identityOf(one, systemRandom)).not.toBe(identityOf(other, systemRandom));
    expect(policyOf(other, systemRandom)).toBe(identityOf(other, systemRandom));
    expect(policyOf({ policy: 'rules' }, systemRandom)).toBe('=rules');
  });

  it('differ between processes that make the same objects in the same order', () => {
    const url = (path: string): string => new URL(`../../src/${path}`, import.meta.url).href;
    const program = [
      `import { systemRandom } from ${JSON.stringify(url('crypto/random.ts'))};`,
      `import { identityOf, policyOf } from ${JSON.stringify(url('handshake/session.ts'))};`,
      `import { freshPolicy } from ${JSON.stringify(url('pki/path/recheck.ts'))};`,
      `console.log([identityOf({}, systemRandom), policyOf({}, systemRandom), freshPolicy()].join());`,
    ].join('\n');
    const run = (): string[] => {
      const tsx = fileURLToPath(import.meta.resolve('tsx'));
      const { stdout, stderr } = spawnSync(
        process.execPath,
        ['--import', tsx, '--input-type=module', '--eval', program],
        { encoding: 'utf8', timeout: 60_000 },
      );
      expect(stdout, stderr).not.toBe('');
      return stdout.trim().split(',');
    };
    const [one, other] = [run(), run()];
    expect(one).toHaveLength(3);
    for (const [index, name] of one.entries()) expect(other[index]).not.toBe(name);
  });

  it('of verifiers are all different', () => {
    expect(new Set(Array.from({ length: 100 }, () => freshPolicy())).size).toBe(100);
  });
});

describe('a server whose credential is a function', () => {
  it('resumes its own sessions, and not those of another such server with the same keys for tickets', () => {
    const { sessions, tickets, clock } = ends();
    const own = (): typeof toyCredential => toyCredential;
    const another = (): typeof toyCredential => toyCredential;
    const connect = (credential: typeof own): boolean => {
      const pair = talk(makeClient({ sessions, clock }), makeServer({ tickets, clock, credential }));
      return pair.server.info.resumed ?? false;
    };
    expect([connect(own), connect(own), connect(another)]).toEqual([false, true, false]);
  });

  it('has a name made of randomness that this process drew', () => {
    const drawn: number[] = [];
    const crypto = toyProvider(9);
    const random = {
      fill: (bytes: Uint8Array): void => {
        drawn.push(bytes.length);
        crypto.random.fill(bytes);
      },
    };
    const { tickets } = ends();
    const { config } = makeServer({ crypto: { ...crypto, random }, credential: nothing, tickets });
    expect(drawn).toEqual([16]);
    expect(config.role === 'server' && config.sessionContext.length).toBeGreaterThan(20);
    // Where no session can be resumed nothing needs the name.
    makeServer({ crypto: { ...crypto, random }, credential: nothing });
    expect(drawn).toEqual([16]);
  });
});

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

  it('asks its provider for no randomness but what the protocol needs, where the runtime has its own', () => {
    const fill = (): never => {
      throw new Error('asked');
    };
    const { tickets } = ends();
    const { config } = makeServer({ crypto: { ...toyProvider(9), random: { fill } }, credential: nothing, tickets });
    expect(config.role === 'server' && config.sessionContext).toMatch(/^#[\w-]{22}$/);
  });
});

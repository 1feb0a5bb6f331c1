import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { castsIn, checkCasts } from '../../scripts/check-casts.ts';
import { checkCircles, checkLayers } from '../../scripts/check-layers.ts';
import { readTree } from '../../scripts/tree.ts';

/** A small legal tree; each case adds or replaces one file. */
const LEGAL: Readonly<Record<string, string>> = {
  'errors.ts': `import type { VerificationFailure } from './handshake/peer.ts'; export type A = VerificationFailure;`,
  'bytes/bytes.ts': `import { TlsError } from '../errors.ts'; export const b = TlsError;`,
  'wire/ids.ts': `import { b } from '../bytes/bytes.ts'; export const w = b;`,
  'crypto/types.ts': `export type Random = unknown;`,
  'crypto/rsa.ts': `import type { Random } from './types.ts'; export type R = Random;`,
  'crypto/noble/index.ts': `import { gcm } from '@noble/ciphers/aes.js'; import '../rsa.ts'; export const n = gcm;`,
  'crypto/node/index.ts': `import type * as crypto from 'node:crypto'; export type C = typeof crypto;`,
  'crypto/auto.ts': `export { n } from './noble/index.ts';`,
  'handshake/peer.ts': `export interface VerificationFailure {}`,
  'engine/engine.ts': `import '../handshake/peer.ts'; import '../wire/ids.ts';`,
  'pki/verify.ts': `import '../engine/engine.ts'; const load = () => import('./containers/pkcs12.ts'); load();`,
  'pki/issue/crl.ts': `import { Integer } from 'asn1js'; import { Extensions } from 'pkijs'; export { Integer, Extensions };`,
  'cli/main.ts': `import { parseArgs } from 'node:util'; import '../node/listen.ts'; parseArgs();`,
  'pki/formats/containers/pkcs12.ts': `import * as pkijs from 'pkijs'; import * as asn1js from 'asn1js'; export { pkijs, asn1js };`,
  'node/listen.ts': `import { createServer } from 'node:net'; import '../transport/driver.ts'; createServer();`,
  'pki/loop.ts': `import '../transport/driver.ts';`,
  'transport/driver.ts': `import '../engine/engine.ts';`,
  'index.ts': `export * from './transport/driver.ts'; export * from './pki/verify.ts';`,
};

const breachesWith = (extra: Readonly<Record<string, string>>): string[] =>
  checkLayers(new Map(Object.entries({ ...LEGAL, ...extra })));

describe('layers', () => {
  it('finds nothing in our own tree', () => {
    expect(checkLayers(readTree(join(import.meta.dirname, '../../src')))).toEqual([]);
  });

  it('accepts a legal tree', () => {
    expect(breachesWith({})).toEqual([]);
  });

  const refused: readonly [what: string, file: string, text: string, breach: RegExp][] = [
    ['an import from the floor above', 'wire/hello.ts', `import '../record/x.ts';`, /record is above wire/],
    ['a type from the floor above', 'bytes/a.ts', `import type { w } from '../wire/ids.ts';`, /wire is above bytes/],
    ['a re-export from above', 'record/a.ts', `export * from '../engine/engine.ts';`, /engine is above record/],
    ['an import() from above', 'engine/a.ts', `export const a = import('../pki/verify.ts');`, /pki is above engine/],
    ['an import() in a type', 'keys/a.ts', `type A = import('../engine/engine.ts').A;`, /engine is above keys/],
    ['a face from below', 'transport/a.ts', `import '../index.ts';`, /\. is above transport/],
    ['handshake reaching for the engine', 'handshake/a.ts', `import '../engine/engine.ts';`, /above handshake/],
    ['handshake reaching for record', 'handshake/a.ts', `import type { B } from '../record/b.ts';`, /knows no records/],
    ['node:* in the core', 'record/b.ts', `import 'node:crypto';`, /belongs to src\/node/],
    ['node:* in a face', 'client.ts', `import { connect } from 'node:net'; connect(1);`, /belongs to src\/node/],
    ['node:* as a value in a provider', 'crypto/node/a.ts', `import 'node:crypto';`, /belongs to src\/node/],
    ['a type from node:* in the core', 'wire/a.ts', `import type { Socket } from 'node:net';`, /belongs to src\/node/],
    [
      'pkijs outside containers',
      'pki/a.ts',
      `import { PFX } from 'pkijs'; PFX;`,
      /belong to src\/pki\/formats\/containers/,
    ],
    [
      'asn1js as a type outside',
      'pki/b.ts',
      `import type { Sequence } from 'asn1js';`,
      /belong to src\/pki\/formats\/containers/,
    ],
    ['asn1js by import()', 'engine/c.ts', `export const a = () => import('asn1js');`, /belong to src\/pki/],
    ['noble outside crypto', 'keys/b.ts', `import { sha256 } from '@noble/hashes/sha2.js';`, /belongs to src\/crypto/],
    ['the program from a skin', 'node/a.ts', `import '../cli/main.ts';`, /cli is above node/],
    ['a provider named by crypto', 'crypto/hybrid.ts', `import './noble/index.ts';`, /only auto\.ts/],
    ['a package that is no dependency', 'transport/b.ts', `import 'left-pad';`, /not a dependency/],
    ['an import without its ending', 'wire/b.ts', `import './ids';`, /ends in \.ts/],
    ['an unknown folder', 'misc/a.ts', `export const a = 1;`, /on no floor/],
    ['errors.ts importing a value', 'errors.ts', `import { b } from './bytes/bytes.ts'; b;`, /types only/],
    [
      'errors.ts importing a value beside a type',
      'errors.ts',
      `import { type A, b } from './bytes/bytes.ts'; b;`,
      /types only/,
    ],
    ['a cycle of two folders', 'transport/a.ts', `import '../pki/loop.ts';`, /cycle between folders: .*transport/],
  ];
  for (const [what, file, text, breach] of refused)
    it(`refuses ${what}`, () => {
      expect(breachesWith({ [file]: text }).join('\n')).toMatch(breach);
    });

  it('refuses a cycle through three folders', () => {
    const breaches = breachesWith({
      'resumption/a.ts': `import '../inspect/a.ts';`,
      'inspect/a.ts': `import '../transport/a.ts';`,
      'transport/a.ts': `import '../resumption/a.ts';`,
    });
    expect(breaches).toHaveLength(1);
    expect(breaches[0]).toMatch(/cycle/);
  });

  it('does not take code in comments or strings for imports', () => {
    const text = `/** @example import 'node:fs'; */ export const a = "import 'pkijs'"; // import '../engine/engine.ts'`;
    expect(breachesWith({ 'bytes/a.ts': text })).toEqual([]);
  });
});

describe('circles of files', () => {
  const tree = (files: Readonly<Record<string, string>>): Map<string, string> => new Map(Object.entries(files));
  const three = {
    'a/a.ts': `import { b } from './b.ts'; export const a = b;`,
    'a/b.ts': `import type { C } from '../c.ts'; export const b: C = 1;`,
    'c.ts': `export type { a } from './a/a.ts'; export type C = number;`,
    'd.ts': `import './a/a.ts';`,
  };

  it('are not in our own tree', () => {
    expect(checkCircles(readTree(join(import.meta.dirname, '../../src')))).toEqual([]);
  });
  it('are found through types, re-exports and folders, without the files that only lead to them', () => {
    expect(checkCircles(tree(three))).toEqual(['circle of 3 files: a/a.ts, a/b.ts, c.ts']);
  });
  it('are two where two do not touch', () => {
    const two = { ...three, 'e.ts': `import './f.ts'; import './a/a.ts';`, 'f.ts': `import './e.ts';` };
    expect(checkCircles(tree(two))).toHaveLength(2);
  });
  it('are one file that imports itself', () => {
    expect(checkCircles(tree({ 'a.ts': `import './a.ts';` }))).toEqual(['circle of 1 files: a.ts']);
  });
});

describe('casts', () => {
  const casts = (text: string): string[] => castsIn(new Map([['a.ts', text]])).map(({ to }) => to);

  it('are no more than they were, and none says which role it is', () => {
    expect(checkCasts(castsIn(readTree(join(import.meta.dirname, '../../src'))))).toEqual([]);
  });
  it('are found one in another, and are not what only looks like one', () => {
    expect(casts('const a = b as unknown as C;')).toEqual(['C', 'unknown']);
    expect(
      casts("import { a as b } from './b.ts'; const c = [1] as const; const d = c satisfies D; // x as y"),
    ).toEqual([]);
  });
  it('of the role are refused, whatever their number', () => {
    expect(checkCasts([{ file: 'a.ts', line: 1, to: 'ClientConfig' }]).join()).toMatch(/a\.ts:1: a cast of the role/);
    expect(checkCasts([{ file: 'a.ts', line: 1, to: 'Context<ServerConfig>' }])).toHaveLength(1);
  });
});

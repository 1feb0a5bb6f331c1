import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** What the documents promise names the tests that hold it, and those are there. */

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const testsIn = (text: string): string[] => [...text.matchAll(/`(test\/[^`*]+\.test\.ts)`/g)].map(([, path]) => path!);

describe('SECURITY.md', () => {
  const section = read('SECURITY.md').split('## What is promised')[1]!.split('\n## ')[0]!;
  const promises = section.split(/^- \*\*/m).slice(1);

  it.each(promises.map((text) => [text.split('**')[0]!.replace(/\s+/g, ' '), text]))('%s', (_, text) => {
    const held = text.split('Held by:')[1];
    expect(held, 'the promise names its tests').toBeDefined();
    expect(testsIn(held!).length).toBeGreaterThan(0);
  });

  it('has its promises', () => {
    expect(promises.length).toBeGreaterThanOrEqual(11);
  });
});

it.each(['SECURITY.md', 'docs/conformance/attacks.md'])('every test that %s names is there', (document) => {
  const named = testsIn(read(document));
  expect(named.length).toBeGreaterThan(5);
  for (const path of named) expect(existsSync(`${root}${path}`), path).toBe(true);
});

describe('secrets are compared without an early exit', () => {
  it.each([
    ['src/handshake/tls13/finished.ts', /equalConstantTime\(/],
    ['src/handshake/tls12/resumed.ts', /equalConstantTime\(verifyData/],
    ['src/handshake/authentication/psk.ts', /equalConstantTime\(binder/],
    ['src/record/cbc12.ts', /equalConstantTime\(/],
    ['src/crypto/noble/ccm.ts', /equalConstantTime\(/],
    ['src/crypto/noble/gcm.ts', /equalConstantTime\(/],
  ])('%s', (path, comparison) => {
    const text = read(path);
    expect(text).toMatch(comparison);
    // Of tags, binders and Finished there is no other comparison beside it.
    expect(text).not.toMatch(/equalBytes\([^)]*(verifyData|binder|tag|mac)\b/i);
  });
});

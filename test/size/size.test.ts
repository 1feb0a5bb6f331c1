import { describe, expect, it } from 'vitest';
import { bundle } from '../../scripts/bundle-entries.ts';
import { entries, isForNode } from '../support/entries.ts';

/** What must not get into a bundle at once: the exact thing that went wrong, before its weight. */

/** Certificates are issued with pkijs, by programs that say so; the peers of the test kit issue their own. */
const ISSUING = 'warifu/pki/issue';
const ISSUES: readonly string[] = [ISSUING, 'warifu/testkit'];

describe.each(entries())('$specifier', ({ specifier, source }) => {
  it.skipIf(ISSUES.includes(specifier))('has nothing in it that is loaded when used', async () => {
    const { inputs } = await bundle(specifier, source);
    expect(
      inputs.filter((input) => /node_modules\/(pkijs|asn1js|pvtsutils|pvutils|bytestreamjs)\//.test(input)),
    ).toEqual([]);
  });

  it.skipIf(isForNode({ specifier }))('needs nothing of Node', async () => {
    const { outside } = await bundle(specifier, source);
    expect(outside).toEqual([]);
  });

  it.skipIf(!/\/(engine|client1[23]|server1[23])$/.test(specifier))('carries no cryptography of its own', async () => {
    const { inputs } = await bundle(specifier, source);
    expect(inputs.filter((input) => /node_modules\/|^src\/crypto\/[a-z]+\//.test(input))).toEqual([]);
  });
});

describe.each(['node', 'webcrypto'])('a program that names only %s of the providers', (name) => {
  it('carries no curve of noble', async () => {
    const { inputs } = await bundle(name, `src/crypto/${name}/index.ts`);
    expect(inputs).toContain(`src/crypto/${name}/groups.ts`);
    expect(inputs.filter((input) => /@noble\/curves\/(?!utils|abstract\/(fft|modular|utils))/.test(input))).toEqual([]);
  });
});

describe('warifu/node', () => {
  it('has no part of Node loaded that loads undici with it', async () => {
    const { outside } = await bundle('warifu/node', 'src/node/index.ts');
    expect(outside).toContain('node:net');
    expect(outside).not.toContain('node:http');
  });
});

describe(ISSUING, () => {
  it('carries pkijs, and nothing else leads to it, not even when it is used', async () => {
    const issuing = await bundle(ISSUING, 'src/pki/issue/index.ts');
    expect(issuing.inputs.some((input) => input.includes('node_modules/pkijs/'))).toBe(true);
    for (const { specifier, source } of entries()) {
      if (ISSUES.includes(specifier)) continue;
      const { everything } = await bundle(specifier, source);
      expect(everything.filter((input) => /node_modules\/(pkijs|asn1js)\/|src\/pki\/issue\//.test(input))).toEqual([]);
    }
  });
});

describe('the bundler', () => {
  it('sees what an entry really carries', async () => {
    const { inputs, outside, minified, gzip } = await bundle('check', 'test/size/heavy.ts');
    expect(inputs.some((input) => input.includes('node_modules/asn1js/'))).toBe(true);
    expect(inputs.some((input) => input.includes('node_modules/pkijs/'))).toBe(false); // import() only
    expect(outside).toEqual(['node:net']);
    expect(minified).toBeGreaterThan(gzip);
  });
});

describe('a program that names only TLS 1.3', () => {
  it('carries no code of TLS 1.2', async () => {
    const { inputs } = await bundle('only13', 'test/size/only13.ts');
    expect(inputs).toContain('src/handshake/tls13/client/client.ts');
    expect(inputs.filter((input) => /^src\/.*(12\.ts$|tls12\/|\/legacy)/.test(input))).toEqual([]);
  });

  it('while one that names TLS 1.2 does, and no more than that', async () => {
    const { inputs } = await bundle('client12', 'src/engine/protocols12.ts');
    expect(inputs).toContain('src/keys/schedule12.ts');
    expect(inputs.filter((input) => /\/legacy|cbc12|key-exchange\/(rsa|dhe)|ffdhe/.test(input))).toEqual([]);
  });
});

describe('the budget', () => {
  // In KiB of gzip, a little above what it is. It may only be made smaller; docs/benchmarks.md says where the weight is.
  it.each([
    ['the engine', 'test/size/engine.ts', 18],
    ['a client of TLS 1.3 with WebCrypto', 'test/size/client13-web.ts', 71],
    ['a client of TLS 1.3 with noble alone', 'test/size/client13-noble.ts', 86],
    ['everything', 'src/index.ts', 138],
  ])('of %s is kept', async (name, source, kilobytes) => {
    const { gzip } = await bundle(name, source);
    expect(gzip / 1024).toBeLessThan(kilobytes);
    // What has been saved is kept as well.
    expect(gzip / 1024).toBeGreaterThan(kilobytes * 0.9);
  });
});

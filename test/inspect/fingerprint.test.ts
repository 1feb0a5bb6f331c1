import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TlsError } from '../../src/errors.ts';
import { fingerprint } from '../../src/inspect/fingerprint.ts';
import { md5 } from '../../src/inspect/md5.ts';
import { encode } from '../../src/wire/codec.ts';
import { type RawExtension, writeExtension } from '../../src/wire/extension.ts';
import { alpn } from '../../src/wire/extensions/alpn.ts';
import { ecPointFormats } from '../../src/wire/extensions/ec-point-formats.ts';
import { serverName } from '../../src/wire/extensions/server-name.ts';
import { signatureAlgorithms } from '../../src/wire/extensions/signature-algorithms.ts';
import { supportedGroups } from '../../src/wire/extensions/supported-groups.ts';
import { supportedVersions } from '../../src/wire/extensions/supported-versions.ts';
import { ClientHello } from '../../src/wire/hello.ts';

const bare = (type: number): RawExtension => ({ type, data: new Uint8Array(0) });

function hello(parts: { legacyVersion?: number; cipherSuites: number[]; extensions: RawExtension[] }): Uint8Array {
  return encode(ClientHello, {
    legacyVersion: 0x0303,
    random: new Uint8Array(32),
    legacySessionId: new Uint8Array(0),
    legacyCompressionMethods: Uint8Array.of(0),
    ...parts,
  });
}

/** A browser's, in an order of its own and with GREASE, whose JA4 is the example of JA4's description. */
const browser = hello({
  cipherSuites: [
    0x4a4a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
    0x002f, 0x0035,
  ],
  extensions: [
    bare(0xdada),
    writeExtension(serverName, 'ClientHello', 'example.com'),
    bare(0x0017),
    bare(0xff01),
    writeExtension(supportedGroups, 'ClientHello', [0xbaba, 0x001d, 0x0017, 0x0018]),
    writeExtension(ecPointFormats, 'ClientHello', Uint8Array.of(0)),
    bare(0x0023),
    writeExtension(alpn, 'ClientHello', ['h2', 'http/1.1']),
    bare(0x0005),
    writeExtension(
      signatureAlgorithms,
      'ClientHello',
      [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
    ),
    bare(0x0012),
    bare(0x0033),
    bare(0x002d),
    writeExtension(supportedVersions, 'ClientHello', [0x3a3a, 0x0304, 0x0303]),
    bare(0x001b),
    bare(0x4469),
    { type: 0xeaea, data: Uint8Array.of(0) },
    bare(0x0015),
  ],
});

describe('fingerprints', () => {
  it('JA4 is the one of its description', () => {
    expect(fingerprint(browser).ja4).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1');
  });

  it('JA3 lists version, suites, extensions, groups and point formats, without GREASE', () => {
    const { ja3Text, ja3 } = fingerprint(browser);
    expect(ja3Text).toBe(
      '771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,' +
        '0-23-65281-10-11-35-16-5-13-18-51-45-43-27-17513-21,29-23-24,0',
    );
    // The best known of all JA3 hashes.
    expect(ja3).toBe('cd08e31494f9531f560d64c695473da9');
  });

  it('say what is missing', () => {
    const least = fingerprint(hello({ legacyVersion: 0x0302, cipherSuites: [0x0a0a], extensions: [] }));
    expect(least.ja3Text).toBe('770,,,,');
    expect(least.ja4).toBe('t11i000000_000000000000_000000000000');
  });

  it.each([
    ['h2', 'h2'],
    ['http/1.1', 'h1'],
    ['x', 'xx'],
    ['\u00abab', 'a2'],
    ['ab\u00cd', '6d'],
  ])('name the protocol %j as %s', (protocol, code) => {
    const body = hello({ cipherSuites: [0x1301], extensions: [writeExtension(alpn, 'ClientHello', [protocol])] });
    expect(fingerprint(body).ja4.slice(8, 10)).toBe(code);
  });

  it('skip extensions that cannot be read, but not a hello that cannot', () => {
    const odd = hello({ cipherSuites: [0x1301], extensions: [{ type: 10, data: Uint8Array.of(1) }] });
    expect(fingerprint(odd).ja3Text).toBe('771,4865,10,,');
    expect(() => fingerprint(odd.subarray(0, 20))).toThrow(TlsError);
  });
});

describe('md5', () => {
  it('is what others say it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(md5(bytes)).toEqual(new Uint8Array(createHash('md5').update(bytes).digest()));
      }),
    );
  });
});

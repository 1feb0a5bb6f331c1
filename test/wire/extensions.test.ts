import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { fromAscii, fromHex, toHex } from '../../src/bytes/bytes.ts';
import { decode } from '../../src/wire/codec.ts';
import {
  type AnyExtension,
  type Carrier,
  type Extension,
  readExtensions,
  writeExtension,
} from '../../src/wire/extension.ts';
import { alpn } from '../../src/wire/extensions/alpn.ts';
import { certificateAuthorities } from '../../src/wire/extensions/certificate-authorities.ts';
import { clientCertificateType } from '../../src/wire/extensions/client-certificate-type.ts';
import { compressCertificate } from '../../src/wire/extensions/compress-certificate.ts';
import { cookie } from '../../src/wire/extensions/cookie.ts';
import { earlyData } from '../../src/wire/extensions/early-data.ts';
import { ecPointFormats } from '../../src/wire/extensions/ec-point-formats.ts';
import { encryptThenMac } from '../../src/wire/extensions/encrypt-then-mac.ts';
import { extendedMainSecret } from '../../src/wire/extensions/extended-main-secret.ts';
import { isGrease, greaseOf } from '../../src/wire/extensions/grease.ts';
import { keyShare } from '../../src/wire/extensions/key-share.ts';
import { maxFragmentLength } from '../../src/wire/extensions/max-fragment-length.ts';
import { oidFilters } from '../../src/wire/extensions/oid-filters.ts';
import { padding } from '../../src/wire/extensions/padding.ts';
import { postHandshakeAuth } from '../../src/wire/extensions/post-handshake-auth.ts';
import { preSharedKey } from '../../src/wire/extensions/pre-shared-key.ts';
import { pskKeyExchangeModes } from '../../src/wire/extensions/psk-key-exchange-modes.ts';
import { recordSizeLimit } from '../../src/wire/extensions/record-size-limit.ts';
import { renegotiationInfo } from '../../src/wire/extensions/renegotiation-info.ts';
import { serverCertificateType } from '../../src/wire/extensions/server-certificate-type.ts';
import { serverName } from '../../src/wire/extensions/server-name.ts';
import { sessionTicket } from '../../src/wire/extensions/session-ticket.ts';
import { signatureAlgorithms } from '../../src/wire/extensions/signature-algorithms.ts';
import { signatureAlgorithmsCert } from '../../src/wire/extensions/signature-algorithms-cert.ts';
import { signedCertificateTimestamp } from '../../src/wire/extensions/signed-certificate-timestamp.ts';
import { statusRequest } from '../../src/wire/extensions/status-request.ts';
import { supportedGroups } from '../../src/wire/extensions/supported-groups.ts';
import { supportedVersions } from '../../src/wire/extensions/supported-versions.ts';
import { bytes, faultOf, id8, id16, obeys, u32Value } from './laws.ts';

const CARRIERS: readonly Carrier[] = [
  'ClientHello',
  'ServerHello',
  'HelloRetryRequest',
  'EncryptedExtensions',
  'Certificate',
  'CertificateRequest',
  'NewSessionTicket',
  'ServerHello12',
];

/** Values for each message that may carry the extension: what is not listed here may not carry it. */
type Values<M> = { readonly [C in keyof M]: fc.Arbitrary<M[C]> };
interface Row {
  readonly extension: AnyExtension;
  readonly id: number;
  readonly values: { readonly [C in Carrier]?: fc.Arbitrary<unknown> };
  readonly openEnd?: true;
}
const row = <M extends { readonly [C in Carrier]?: unknown }>(
  extension: Extension<M>,
  id: number,
  values: Values<M>,
  openEnd?: true,
): Row => ({ extension, id, values, ...(openEnd && { openEnd }) });

const nothing = fc.constant(undefined);
const ids = fc.array(id16, { minLength: 1, maxLength: 6 });
const octets = fc.array(id8, { minLength: 1, maxLength: 4 });
const distinctIds = fc.uniqueArray(id16, { minLength: 1, maxLength: 6 });
const printable = fc
  .array(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 1, maxLength: 30 })
  .map((codes) => String.fromCharCode(...codes));
const protocols = fc.array(
  fc.array(id8, { minLength: 1, maxLength: 10 }).map((codes) => String.fromCharCode(...codes)),
  { minLength: 1, maxLength: 3 },
);
const share = fc.record({ group: id16, keyExchange: bytes(1, 33) });
const names = fc.array(bytes(1, 12), { minLength: 1, maxLength: 3 });
const fragmentCode = fc.integer({ min: 1, max: 4 });
const pointFormats = bytes(0, 3).map((others) => Uint8Array.of(0, ...others));
/** A SignedCertificateTimestampList, written by hand. */
const sctList = fc.array(bytes(1, 12), { minLength: 1, maxLength: 3 }).map((list) => {
  const content = list.flatMap((sct) => [0, sct.length, ...sct]);
  return Uint8Array.of(0, content.length, ...content);
});
const psks = fc
  .array(fc.record({ identity: bytes(1, 12), obfuscatedTicketAge: u32Value, binder: bytes(32, 48) }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((all) => ({
    identities: all.map(({ identity, obfuscatedTicketAge }) => ({ identity, obfuscatedTicketAge })),
    binders: all.map(({ binder }) => binder),
  }));

/** RFC 9846 section 4.3, and for TLS 1.2 the RFC of each. */
const TABLE: readonly Row[] = [
  row(serverName, 0, {
    ClientHello: printable,
    EncryptedExtensions: nothing,
    CertificateRequest: printable,
    ServerHello12: nothing,
  }),
  row(maxFragmentLength, 1, {
    ClientHello: fragmentCode,
    EncryptedExtensions: fragmentCode,
    ServerHello12: fragmentCode,
  }),
  row(statusRequest, 5, {
    ClientHello: fc.record({ responderIds: fc.array(bytes(1, 8), { maxLength: 2 }), requestExtensions: bytes(0, 8) }),
    CertificateRequest: nothing,
    Certificate: fc.record({ response: bytes(1, 30) }),
    ServerHello12: nothing,
  }),
  row(supportedGroups, 10, { ClientHello: distinctIds, EncryptedExtensions: distinctIds, ServerHello12: distinctIds }),
  row(ecPointFormats, 11, { ClientHello: pointFormats, ServerHello12: pointFormats }),
  row(signatureAlgorithms, 13, { ClientHello: ids, CertificateRequest: ids }),
  row(alpn, 16, { ClientHello: protocols, EncryptedExtensions: protocols, ServerHello12: protocols }),
  row(signedCertificateTimestamp, 18, {
    ClientHello: nothing,
    CertificateRequest: nothing,
    Certificate: sctList,
    ServerHello12: sctList,
  }),
  row(clientCertificateType, 19, { ClientHello: octets, EncryptedExtensions: id8, ServerHello12: id8 }),
  row(serverCertificateType, 20, { ClientHello: octets, EncryptedExtensions: id8, ServerHello12: id8 }),
  row(padding, 21, { ClientHello: fc.nat(40).map((length) => new Uint8Array(length)) }, true),
  row(encryptThenMac, 22, { ClientHello: nothing, ServerHello12: nothing }),
  row(extendedMainSecret, 23, { ClientHello: nothing, ServerHello12: nothing }),
  row(compressCertificate, 27, { ClientHello: ids, CertificateRequest: ids }),
  row(recordSizeLimit, 28, { ClientHello: id16, EncryptedExtensions: id16, ServerHello12: id16 }),
  row(sessionTicket, 35, { ClientHello: bytes(0, 40), ServerHello12: nothing }, true),
  row(preSharedKey, 41, { ClientHello: psks, ServerHello: id16 }),
  row(earlyData, 42, { ClientHello: nothing, EncryptedExtensions: nothing, NewSessionTicket: u32Value }),
  row(supportedVersions, 43, { ClientHello: ids, ServerHello: id16, HelloRetryRequest: id16 }),
  row(cookie, 44, { ClientHello: bytes(1, 40), HelloRetryRequest: bytes(1, 40) }),
  row(pskKeyExchangeModes, 45, { ClientHello: octets }),
  row(certificateAuthorities, 47, { ClientHello: names, CertificateRequest: names }),
  row(oidFilters, 48, {
    CertificateRequest: fc.uniqueArray(fc.record({ oid: bytes(1, 8), values: bytes(0, 8) }), {
      maxLength: 3,
      selector: ({ oid }) => toHex(oid),
    }),
  }),
  row(postHandshakeAuth, 49, { ClientHello: nothing }),
  row(signatureAlgorithmsCert, 50, { ClientHello: ids, CertificateRequest: ids }),
  row(keyShare, 51, {
    ClientHello: fc.uniqueArray(share, { maxLength: 3, selector: ({ group }) => group }),
    ServerHello: share,
    HelloRetryRequest: id16,
  }),
  row(renegotiationInfo, 0xff01, { ClientHello: bytes(0, 24), ServerHello12: bytes(0, 24) }),
];

const KNOWN: readonly AnyExtension[] = TABLE.map(({ extension }) => extension);

describe.each(TABLE)('$extension.name', ({ extension, id, values, openEnd }) => {
  // RFC 9846 §9.2-1, §9.2-2, §9.2-3, §E.5-9
  it('has its number', () => {
    expect(extension.id).toBe(id);
  });

  for (const carrier of CARRIERS) {
    const allowed = values[carrier];
    if (allowed !== undefined) {
      describe(`in ${carrier}`, () => {
        const open = openEnd === true && carrier === 'ClientHello';
        obeys({ codec: extension.in[carrier]!, values: allowed, ...(open && { openEnd }) });

        it('is found in its block', () => {
          fc.assert(
            fc.property(allowed, (value) => {
              const raw = writeExtension(extension as Extension<Record<Carrier, unknown>>, carrier, value);
              const block = readExtensions(carrier, [raw], KNOWN);
              expect(block.has(id)).toBe(true);
              expect(block.get(extension as Extension<Record<Carrier, unknown>>)).toEqual(value);
            }),
            { numRuns: 10 },
          );
        });
      });
    } else {
      it(`is refused in ${carrier}`, () => {
        expect(extension.in[carrier]).toBeUndefined();
        const raw = [{ type: id, data: new Uint8Array(0) }];
        expect(faultOf(() => readExtensions(carrier, raw, KNOWN))).toBe('ERR_MISPLACED_EXTENSION');
      });
    }
  }
});

describe('a block of extensions', () => {
  const one = writeExtension(cookie, 'ClientHello', Uint8Array.of(1));
  const unknown = { type: 0x1234, data: Uint8Array.of(9) };
  const psk = writeExtension(preSharedKey, 'ClientHello', {
    identities: [{ identity: Uint8Array.of(1), obfuscatedTicketAge: 0 }],
    binders: [new Uint8Array(32)],
  });

  it('keeps what it does not know, and skips it', () => {
    const block = readExtensions('ClientHello', [unknown, one], KNOWN);
    expect(block.raw).toEqual([unknown, one]);
    expect(block.has(0x1234)).toBe(true);
    expect(block.has(0x1235)).toBe(false);
    expect(block.get(cookie)).toEqual(Uint8Array.of(1));
    expect(block.get(alpn)).toBeUndefined();
  });

  it('refuses the same extension twice, known or not', () => {
    expect(faultOf(() => readExtensions('ClientHello', [one, one], KNOWN))).toBe('ERR_DUPLICATE_EXTENSION');
    expect(faultOf(() => readExtensions('ClientHello', [unknown, one, unknown], KNOWN))).toBe(
      'ERR_DUPLICATE_EXTENSION',
    );
  });

  it('wants pre_shared_key last in ClientHello, and nowhere in particular in ServerHello', () => {
    expect(faultOf(() => readExtensions('ClientHello', [psk, one], KNOWN))).toBe('ERR_EXTENSION_ORDER');
    expect(faultOf(() => readExtensions('ClientHello', [psk, unknown], KNOWN))).toBe('ERR_EXTENSION_ORDER');
    expect(faultOf(() => readExtensions('ClientHello', [one, psk], KNOWN))).toBeUndefined();
    const version = writeExtension(supportedVersions, 'ServerHello', 0x0304);
    const selected = writeExtension(preSharedKey, 'ServerHello', 0);
    expect(readExtensions('ServerHello', [selected, version], KNOWN).get(preSharedKey)).toBe(0);
  });

  it('decodes all it knows at once', () => {
    const bad = { type: cookie.id, data: Uint8Array.of(0, 1) };
    expect(() => readExtensions('ClientHello', [bad], KNOWN)).toThrow('ClientHello.cookie: 1 bytes needed, 0 left');
    const long = { type: cookie.id, data: Uint8Array.of(0, 1, 1, 1) };
    expect(faultOf(() => readExtensions('ClientHello', [long], KNOWN))).toBe('ERR_TRAILING_BYTES');
    expect(faultOf(() => readExtensions('ClientHello', [bad], []))).toBeUndefined();
  });

  describe('that answers', () => {
    const offered = new Set<number>([cookie.id, alpn.id, 0x1234, 0x2a2a]);
    const answer = (carrier: Carrier, ...raw: { type: number; data: Uint8Array }[]) =>
      faultOf(() => readExtensions(carrier, raw, KNOWN, { offered }));
    const protocol = writeExtension(alpn, 'EncryptedExtensions', ['h2']);

    it('may hold what was asked for', () => {
      expect(answer('EncryptedExtensions', protocol)).toBeUndefined();
    });

    it('may not hold what was asked for another version', () => {
      expect(answer('EncryptedExtensions', protocol, unknown)).toBe('ERR_MISPLACED_EXTENSION');
    });

    it('may not hold what was not asked for, known or not', () => {
      const name = writeExtension(serverName, 'EncryptedExtensions', undefined);
      expect(answer('EncryptedExtensions', protocol, name)).toBe('ERR_UNSUPPORTED_EXTENSION');
      expect(answer('EncryptedExtensions', { type: 0x1235, data: new Uint8Array(0) })).toBe(
        'ERR_UNSUPPORTED_EXTENSION',
      );
    });

    it('is unsolicited before it is misplaced', () => {
      expect(answer('ServerHello', protocol)).toBe('ERR_MISPLACED_EXTENSION');
      expect(answer('ServerHello', { type: serverName.id, data: new Uint8Array(0) })).toBe('ERR_UNSUPPORTED_EXTENSION');
    });

    it('may bring a cookie unasked, in HelloRetryRequest only', () => {
      const none = new Set<number>();
      const raw = [writeExtension(cookie, 'HelloRetryRequest', Uint8Array.of(5))];
      expect(readExtensions('HelloRetryRequest', raw, KNOWN, { offered: none }).get(cookie)).toEqual(Uint8Array.of(5));
      expect(faultOf(() => readExtensions('ServerHello', raw, KNOWN, { offered: none }))).toBe(
        'ERR_UNSUPPORTED_EXTENSION',
      );
    });

    it('never answers to GREASE, though it was offered (RFC 8701 section 3.1)', () => {
      expect(answer('EncryptedExtensions', { type: 0x2a2a, data: new Uint8Array(0) })).toBe(
        'ERR_UNSUPPORTED_EXTENSION',
      );
    });
  });

  it('types its content by the message and the extension', () => {
    const client = readExtensions('ClientHello', [], KNOWN);
    const server = readExtensions('ServerHello', [], KNOWN);
    expectTypeOf(client.get(keyShare)).toEqualTypeOf<
      { readonly group: number; readonly keyExchange: Uint8Array }[] | undefined
    >();
    expectTypeOf(server.get(keyShare)).toEqualTypeOf<
      { readonly group: number; readonly keyExchange: Uint8Array } | undefined
    >();
    expectTypeOf(client.get(alpn)).toEqualTypeOf<string[] | undefined>();
    // @ts-expect-error ServerHello does not carry it
    server.get(alpn);
    // @ts-expect-error a group is not a list of shares
    expect(() => writeExtension(keyShare, 'ClientHello', 29)).toThrow();
  });
});

describe('values that may not be', () => {
  const fault = (extension: AnyExtension, carrier: Carrier, hex: string): string | undefined =>
    faultOf(() => decode(extension.in[carrier]!, fromHex(hex)));

  it.each([
    ['an empty supported_groups', supportedGroups, 'ClientHello', '0000', 'ERR_DECODE'],
    ['half a group', supportedGroups, 'ClientHello', '0003001d00', 'ERR_DECODE'],
    ['a group twice', supportedGroups, 'ClientHello', '0004001d001d', 'ERR_ILLEGAL_PARAMETER'],
    ['two shares for a group', keyShare, 'ClientHello', '000a001d000141001d000142', 'ERR_KEY_SHARE_ORDER'],
    ['an empty share', keyShare, 'ServerHello', '001d0000', 'ERR_DECODE'],
    ['no versions', supportedVersions, 'ClientHello', '00', 'ERR_DECODE'],
    ['no signature algorithms', signatureAlgorithms, 'ClientHello', '0000', 'ERR_DECODE'],
    ['an empty cookie', cookie, 'HelloRetryRequest', '0000', 'ERR_DECODE'],
    ['no psk modes', pskKeyExchangeModes, 'ClientHello', '00', 'ERR_DECODE'],
    ['an empty protocol name', alpn, 'ClientHello', '000100', 'ERR_DECODE'],
    ['no protocols', alpn, 'EncryptedExtensions', '0000', 'ERR_DECODE'],
    ['an empty authority', certificateAuthorities, 'ClientHello', '00020000', 'ERR_DECODE'],
    ['padding that is not zero', padding, 'ClientHello', '0001', 'ERR_ILLEGAL_PARAMETER'],
    ['a fragment length of code 5', maxFragmentLength, 'ClientHello', '05', 'ERR_MAX_FRAGMENT_LENGTH'],
    ['point formats without the uncompressed', ecPointFormats, 'ServerHello12', '0101', 'ERR_POINT_FORMAT'],
    ['an OID twice', oidFilters, 'CertificateRequest', '000a02551d000002551d0000', 'ERR_ILLEGAL_PARAMETER'],
    ['content where there is none', earlyData, 'ClientHello', '00', 'ERR_TRAILING_BYTES'],
    ['a status of a type unknown', statusRequest, 'Certificate', '0200000101', 'ERR_DECODE'],
    ['a list of timestamps that ends early', signedCertificateTimestamp, 'Certificate', '00040002aa', 'ERR_DECODE'],
    ['no timestamps', signedCertificateTimestamp, 'Certificate', '0000', 'ERR_DECODE'],
  ] as const)('%s', (_, extension, carrier, hex, code) => {
    expect(fault(extension, carrier, hex)).toBe(code);
  });

  it('not as many binders as identities', () => {
    const hex = `000700010100000000${'0042'}${`20${'00'.repeat(32)}`.repeat(2)}`;
    expect(fault(preSharedKey, 'ClientHello', hex)).toBe('ERR_BINDER_COUNT');
  });

  it('a status request of another type asks for nothing we have', () => {
    expect(decode(statusRequest.in.ClientHello, fromHex('0200010203'))).toBeUndefined();
    expect(faultOf(() => writeExtension(statusRequest, 'ClientHello', undefined))).toBe('ERR_LIMIT');
  });
});

describe('server_name', () => {
  const list = (...entries: (readonly [type: number, name: Uint8Array])[]): Uint8Array => {
    const content = entries.flatMap(([type, name]) => [type, 0, name.length, ...name]);
    return Uint8Array.of(0, content.length, ...content);
  };
  const read = (...entries: (readonly [type: number, name: Uint8Array])[]): string | undefined =>
    decode(serverName.in.ClientHello, list(...entries));
  const host = fromAscii('example.com');

  it('is the host name', () => {
    expect(read([0, host])).toBe('example.com');
    expect(toHex(writeExtension(serverName, 'ClientHello', 'a.example').data)).toBe('000c000009612e6578616d706c65');
  });

  it('ignores names of other kinds, on either side', () => {
    expect(read([1, Uint8Array.of(0, 1, 2)], [0, host])).toBe('example.com');
    expect(read([0, host], [7, host])).toBe('example.com');
    expect(read([7, host])).toBeUndefined();
  });

  it('does not take two names of one kind', () => {
    expect(faultOf(() => read([0, host], [0, host]))).toBe('ERR_ILLEGAL_PARAMETER');
    expect(faultOf(() => read([7, host], [0, host], [7, host]))).toBe('ERR_ILLEGAL_PARAMETER');
  });

  it.each([
    ['NUL', 0],
    ['BEL', 7],
    ['escape', 0x1b],
    ['a space', 0x20],
    ['DEL', 0x7f],
    ['a byte that is not ASCII', 0xc4],
  ])('does not take %s in a name', (_, byte) => {
    expect(faultOf(() => read([0, Uint8Array.of(0x61, byte, 0x62)]))).toBe('ERR_ILLEGAL_PARAMETER');
  });

  it('has a list, and names that are not empty', () => {
    expect(faultOf(() => decode(serverName.in.ClientHello, new Uint8Array(0)))).toBe('ERR_DECODE');
    expect(faultOf(() => decode(serverName.in.ClientHello, Uint8Array.of(0, 0)))).toBe('ERR_DECODE');
    expect(faultOf(() => read([0, new Uint8Array(0)]))).toBe('ERR_DECODE');
  });

  it.each(['', 'bücher.example', 'a b'])('is not written as %j', (name) => {
    expect(faultOf(() => writeExtension(serverName, 'ClientHello', name))).toBe('ERR_LIMIT');
  });
});

describe('GREASE', () => {
  it('is the sixteen values of RFC 8701', () => {
    const found = Array.from({ length: 0x10000 }, (_, id) => id).filter(isGrease);
    expect(found).toHaveLength(16);
    expect(found[0]).toBe(0x0a0a);
    expect(found[15]).toBe(0xfafa);
    expect(found.every((id) => id >> 8 === (id & 255))).toBe(true);
  });

  it('is picked from all of them', () => {
    const picked = new Set<number>();
    for (let byte = 0; byte < 256; byte++) picked.add(greaseOf(byte));
    expect(picked.size).toBe(16);
    expect([...picked].every(isGrease)).toBe(true);
  });
});

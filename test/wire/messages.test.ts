import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/bytes.ts';
import { TlsError } from '../../src/errors.ts';
import { classifyServerHello } from '../../src/wire/classify.ts';
import { decode, encode } from '../../src/wire/codec.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';
import {
  ClientHello,
  DOWNGRADE_TLS11,
  DOWNGRADE_TLS12,
  HELLO_RETRY_RANDOM,
  ServerHello,
} from '../../src/wire/hello.ts';
import * as m12 from '../../src/wire/messages12.ts';
import * as m13 from '../../src/wire/messages13.ts';
import { bytes, faultOf, id8, id16, obeys, u32Value } from './laws.ts';

const extensions = fc.array(fc.record({ type: id16, data: bytes(0, 20) }), { maxLength: 4 });
const signed = { scheme: id16, signature: bytes(0, 40) };

describe('ClientHello', () => {
  obeys({
    codec: ClientHello,
    values: fc.record({
      legacyVersion: id16,
      random: bytes(32),
      legacySessionId: bytes(0, 32),
      cipherSuites: fc.array(id16, { minLength: 1, maxLength: 8 }),
      legacyCompressionMethods: bytes(1, 3),
      extensions,
    }),
    alsoWholeAt: (hello) =>
      2 +
      32 +
      1 +
      hello.legacySessionId.length +
      2 +
      2 * hello.cipherSuites.length +
      1 +
      hello.legacyCompressionMethods.length,
  });
});

describe('ServerHello', () => {
  obeys({
    codec: ServerHello,
    values: fc.record({
      legacyVersion: id16,
      random: bytes(32),
      legacySessionIdEcho: bytes(0, 32),
      cipherSuite: id16,
      legacyCompressionMethod: id8,
      extensions,
    }),
    alsoWholeAt: (hello) => 2 + 32 + 1 + hello.legacySessionIdEcho.length + 3,
  });
});

describe('EncryptedExtensions', () => {
  obeys({ codec: m13.EncryptedExtensions, values: fc.record({ extensions }) });
});

describe('CertificateRequest', () => {
  obeys({ codec: m13.CertificateRequest, values: fc.record({ requestContext: bytes(0, 8), extensions }) });
});

describe('Certificate', () => {
  obeys({
    codec: m13.Certificate,
    values: fc.record({
      requestContext: bytes(0, 8),
      entries: fc.array(fc.record({ certData: bytes(1, 20), extensions }), { maxLength: 3 }),
    }),
  });
});

describe('CompressedCertificate', () => {
  obeys({
    codec: m13.CompressedCertificate,
    values: fc.record({
      algorithm: id16,
      uncompressedLength: fc.integer({ min: 0, max: 0xffffff }),
      compressed: bytes(1, 30),
    }),
  });
});

describe('CertificateVerify', () => {
  obeys({ codec: m13.CertificateVerify, values: fc.record(signed) });
});

describe('NewSessionTicket', () => {
  obeys({
    codec: m13.NewSessionTicket,
    values: fc.record({
      lifetime: u32Value,
      ageAdd: u32Value,
      nonce: bytes(0, 8),
      ticket: bytes(1, 30),
      extensions,
    }),
  });
});

describe('KeyUpdate', () => {
  obeys({ codec: m13.KeyUpdate, values: fc.record({ requestUpdate: id8 }) });
});

describe('Certificate of TLS 1.2', () => {
  obeys({ codec: m12.Certificate12, values: fc.record({ chain: fc.array(bytes(1, 30), { maxLength: 4 }) }) });
});

describe('ServerKeyExchange, ECDHE', () => {
  obeys({
    codec: m12.ServerKeyExchangeEcdhe,
    values: fc.record({
      params: fc.record({ curveType: fc.constant(3), group: id16, point: bytes(1, 65) }),
      signed: fc.record(signed),
    }),
  });

  it('refuses a curve that has no name', () => {
    expect(faultOf(() => decode(m12.EcdheParams, fromHex('01001d0141')))).toBe('ERR_SELECTED_GROUP');
  });
});

describe('ServerKeyExchange, DHE', () => {
  obeys({
    codec: m12.ServerKeyExchangeDhe,
    values: fc.record({
      params: fc.record({ prime: bytes(1, 40), generator: bytes(1, 3), publicValue: bytes(1, 40) }),
      signed: fc.record(signed),
    }),
  });
});

describe('ClientKeyExchange, ECDHE', () => {
  obeys({ codec: m12.ClientKeyExchangeEcdhe, values: fc.record({ point: bytes(1, 65) }) });
});

describe('ClientKeyExchange, DHE', () => {
  obeys({ codec: m12.ClientKeyExchangeDhe, values: fc.record({ publicValue: bytes(1, 40) }) });
});

describe('ClientKeyExchange, RSA', () => {
  obeys({ codec: m12.ClientKeyExchangeRsa, values: fc.record({ encryptedSecret: bytes(0, 40) }) });
});

describe('CertificateStatus', () => {
  obeys({ codec: m12.CertificateStatus, values: fc.record({ response: bytes(1, 40) }) });
});

describe('CertificateRequest of TLS 1.2', () => {
  obeys({
    codec: m12.CertificateRequest12,
    values: fc.record({
      certificateTypes: bytes(1, 4),
      signatureAlgorithms: fc.array(id16, { minLength: 1, maxLength: 5 }),
      authorities: fc.array(bytes(1, 12), { maxLength: 3 }),
    }),
  });
});

describe('CertificateVerify of TLS 1.2', () => {
  obeys({ codec: m12.CertificateVerify12, values: fc.record(signed) });
});

describe('NewSessionTicket of TLS 1.2', () => {
  obeys({ codec: m12.NewSessionTicket12, values: fc.record({ lifetimeHint: u32Value, ticket: bytes(0, 40) }) });
});

describe('Finished of TLS 1.2', () => {
  obeys({ codec: m12.Finished12, values: fc.record({ verifyData: bytes(12) }) });
});

describe('ServerHelloDone', () => {
  obeys({ codec: m12.ServerHelloDone, values: fc.constant(undefined) });
});

describe('HelloRequest', () => {
  obeys({ codec: m12.HelloRequest, values: fc.constant(undefined) });
});

/** A ClientHello as small as it can be. */
const hello: ClientHello = {
  legacyVersion: 0x0303,
  random: new Uint8Array(32),
  legacySessionId: new Uint8Array(0),
  cipherSuites: [0x1301],
  legacyCompressionMethods: Uint8Array.of(0),
  extensions: [],
};

describe('a hello', () => {
  it('is the bytes of the RFC', () => {
    const value = { ...hello, legacySessionId: Uint8Array.of(7), extensions: [{ type: 43, data: fromHex('020304') }] };
    expect(toHex(encode(ClientHello, value))).toBe(`0303${'00'.repeat(32)}01070002130101000007002b0003020304`);
  });

  it('may end where its extensions would begin, or say that there are none', () => {
    const without = encode(ClientHello, hello);
    expect(decode(ClientHello, without).extensions).toEqual([]);
    expect(decode(ClientHello, Uint8Array.of(...without, 0, 0)).extensions).toEqual([]);
    expect(faultOf(() => decode(ClientHello, Uint8Array.of(...without, 0, 0, 0)))).toBe('ERR_TRAILING_BYTES');
  });

  it('hands out views, not copies', () => {
    const input = encode(ClientHello, hello);
    expect(decode(ClientHello, input).random.buffer).toBe(input.buffer);
  });

  it.each([
    ['legacySessionId', 33, { legacySessionId: new Uint8Array(33) }],
    ['cipherSuites', 0, { cipherSuites: [] }],
    ['legacyCompressionMethods', 0, { legacyCompressionMethods: new Uint8Array(0) }],
    ['random', 31, { random: new Uint8Array(31) }],
  ] as const)('is not written with a %s of %i bytes', (field, length, wrong) => {
    try {
      encode(ClientHello, { ...hello, ...wrong } as ClientHello);
      expect.unreachable();
    } catch (fault) {
      expect(fault).toBeInstanceOf(TlsError);
      expect(fault).toMatchObject({ code: 'ERR_LIMIT' });
      expect((fault as TlsError).message).toContain(`ClientHello.${field}: ${length} bytes`);
    }
  });

  it('names the field that cannot be read', () => {
    const input = encode(ClientHello, hello);
    input[34] = 40; // the length of legacy_session_id
    expect(() => decode(ClientHello, input)).toThrow('ClientHello.legacySessionId: 40 bytes, allowed are 0 to 32');
    const certificate = encode(m13.Certificate, {
      requestContext: new Uint8Array(0),
      entries: [
        { certData: Uint8Array.of(1), extensions: [] },
        { certData: Uint8Array.of(1), extensions: [] },
      ],
    });
    certificate[12] = 0; // the length of the second certificate
    expect(() => decode(m13.Certificate, certificate)).toThrow('Certificate.entries[1].certData: 0 bytes');
  });

  it('is told by its random and its version', () => {
    const base = {
      legacyVersion: 0x0303,
      legacySessionIdEcho: new Uint8Array(0),
      cipherSuite: 1,
      legacyCompressionMethod: 0,
    };
    const selected = [{ type: 43, data: fromHex('0304') }];
    const random = new Uint8Array(32);
    expect(classifyServerHello({ ...base, random, extensions: selected })).toBe('ServerHello13');
    expect(classifyServerHello({ ...base, random, extensions: [] })).toBe('ServerHello12');
    expect(classifyServerHello({ ...base, random: HELLO_RETRY_RANDOM, extensions: selected })).toBe(
      'HelloRetryRequest',
    );
    expect(classifyServerHello({ ...base, random: HELLO_RETRY_RANDOM, extensions: [] })).toBe('HelloRetryRequest');
  });

  it('has the randoms that mean something', async () => {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode('HelloRetryRequest'));
    expect(HELLO_RETRY_RANDOM).toEqual(new Uint8Array(digest));
    expect(DOWNGRADE_TLS12).toEqual(Uint8Array.from([...'DOWNGRD'].map((c) => c.charCodeAt(0)).concat(1)));
    expect(DOWNGRADE_TLS11).toEqual(Uint8Array.from([...'DOWNGRD'].map((c) => c.charCodeAt(0)).concat(0)));
  });
});

describe('a handshake message', () => {
  it('has a header of four bytes', () => {
    expect(toHex(encodeHandshake(20, new Uint8Array(0x0102)).subarray(0, 5))).toBe('1400010200');
    expect(encodeHandshake(14, new Uint8Array(0))).toEqual(fromHex('0e000000'));
  });

  it('is not longer than its length can say', () => {
    expect(faultOf(() => encodeHandshake(11, new Uint8Array(0x1000000)))).toBe('ERR_LIMIT');
  });
});

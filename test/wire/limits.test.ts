import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/bytes.ts';
import { Reader } from '../../src/bytes/reader.ts';
import { Writer } from '../../src/bytes/writer.ts';
import { type Codec, encode, list, opaque, u8, u16 } from '../../src/wire/codec.ts';
import { alpn } from '../../src/wire/extensions/alpn.ts';
import { certificateAuthorities } from '../../src/wire/extensions/certificate-authorities.ts';
import { clientCertificateType } from '../../src/wire/extensions/client-certificate-type.ts';
import { compressCertificate } from '../../src/wire/extensions/compress-certificate.ts';
import { cookie } from '../../src/wire/extensions/cookie.ts';
import { ecPointFormats } from '../../src/wire/extensions/ec-point-formats.ts';
import { keyShare } from '../../src/wire/extensions/key-share.ts';
import { oidFilters } from '../../src/wire/extensions/oid-filters.ts';
import { preSharedKey } from '../../src/wire/extensions/pre-shared-key.ts';
import { pskKeyExchangeModes } from '../../src/wire/extensions/psk-key-exchange-modes.ts';
import { renegotiationInfo } from '../../src/wire/extensions/renegotiation-info.ts';
import { serverCertificateType } from '../../src/wire/extensions/server-certificate-type.ts';
import { signatureAlgorithms } from '../../src/wire/extensions/signature-algorithms.ts';
import { signatureAlgorithmsCert } from '../../src/wire/extensions/signature-algorithms-cert.ts';
import { CertificateStatus, statusRequest } from '../../src/wire/extensions/status-request.ts';
import { supportedGroups } from '../../src/wire/extensions/supported-groups.ts';
import { supportedVersions } from '../../src/wire/extensions/supported-versions.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';
import * as m12 from '../../src/wire/messages12.ts';
import * as m13 from '../../src/wire/messages13.ts';
import { faultOf } from './laws.ts';

/**
 * Every vector that has limits of its own, with a value just outside of them. Reading and writing hold the same limits:
 * that they do is shown once, below.
 */
const none = new Uint8Array(0);
const one = Uint8Array.of(1);
const signed = { scheme: 0x0403, signature: none };
const params = { curveType: 3, group: 29, point: one };
const numbers = { prime: one, generator: one, publicValue: one };
const identity = { identity: one, obfuscatedTicketAge: 0 };
const binder = new Uint8Array(32);
const ids = (count: number): number[] => Array.from({ length: count }, (_, id) => id);
const outside = <T>(
  name: string,
  codec: Codec<T>,
  value: T,
  within: T,
): readonly [string, Codec<unknown>, unknown, unknown] => [name, codec as Codec<unknown>, value, within];

describe('limits', () => {
  it.each([
    outside(
      'certificate_request_context',
      m13.Certificate,
      { requestContext: new Uint8Array(256), entries: [] },
      { requestContext: new Uint8Array(255), entries: [] },
    ),
    outside('cert_data', m13.CertificateEntry, { certData: none, extensions: [] }, { certData: one, extensions: [] }),
    outside(
      'ticket',
      m13.NewSessionTicket,
      { lifetime: 0, ageAdd: 0, nonce: none, ticket: none, extensions: [] },
      { lifetime: 0, ageAdd: 0, nonce: none, ticket: one, extensions: [] },
    ),
    outside(
      'ticket_nonce',
      m13.NewSessionTicket,
      { lifetime: 0, ageAdd: 0, nonce: new Uint8Array(256), ticket: one, extensions: [] },
      { lifetime: 0, ageAdd: 0, nonce: new Uint8Array(255), ticket: one, extensions: [] },
    ),
    outside(
      'compressed_certificate_message',
      m13.CompressedCertificate,
      { algorithm: 1, uncompressedLength: 1, compressed: none },
      { algorithm: 1, uncompressedLength: 1, compressed: one },
    ),
    outside(
      'signature',
      m13.CertificateVerify,
      { scheme: 1, signature: new Uint8Array(65536) },
      { scheme: 1, signature: new Uint8Array(65535) },
    ),
    outside('ASN.1Cert', m12.Certificate12, { chain: [none] }, { chain: [one] }),
    outside('point', m12.ServerKeyExchangeEcdhe, { params: { ...params, point: none }, signed }, { params, signed }),
    outside(
      'dh_p',
      m12.ServerKeyExchangeDhe,
      { params: { ...numbers, prime: none }, signed },
      { params: numbers, signed },
    ),
    outside(
      'dh_g',
      m12.ServerKeyExchangeDhe,
      { params: { ...numbers, generator: none }, signed },
      { params: numbers, signed },
    ),
    outside(
      'dh_Ys',
      m12.ServerKeyExchangeDhe,
      { params: { ...numbers, publicValue: none }, signed },
      { params: numbers, signed },
    ),
    outside('ecdh_Yc', m12.ClientKeyExchangeEcdhe, { point: none }, { point: one }),
    outside('dh_Yc', m12.ClientKeyExchangeDhe, { publicValue: none }, { publicValue: one }),
    outside(
      'certificate_types',
      m12.CertificateRequest12,
      { certificateTypes: none, signatureAlgorithms: [1], authorities: [] },
      { certificateTypes: one, signatureAlgorithms: [1], authorities: [] },
    ),
    outside(
      'supported_signature_algorithms',
      m12.CertificateRequest12,
      { certificateTypes: one, signatureAlgorithms: [], authorities: [] },
      { certificateTypes: one, signatureAlgorithms: [1], authorities: [one] },
    ),
    outside(
      'DistinguishedName of TLS 1.2',
      m12.CertificateRequest12,
      { certificateTypes: one, signatureAlgorithms: [1], authorities: [none] },
      { certificateTypes: one, signatureAlgorithms: [1], authorities: [one] },
    ),
    outside(
      'verify_data of TLS 1.2',
      m12.Finished12,
      { verifyData: new Uint8Array(13) },
      { verifyData: new Uint8Array(12) },
    ),
    outside('OCSPResponse', CertificateStatus, { response: none }, { response: one }),
    outside(
      'ResponderID',
      statusRequest.in.ClientHello,
      { responderIds: [none], requestExtensions: none },
      { responderIds: [one], requestExtensions: none },
    ),
    outside('versions, none', supportedVersions.in.ClientHello, [], [1]),
    outside('versions, too many', supportedVersions.in.ClientHello, ids(128), ids(127)),
    outside('cookie', cookie.in.ClientHello, none, one),
    outside('named_group_list', supportedGroups.in.ClientHello, [], [1]),
    outside('signature_algorithms', signatureAlgorithms.in.ClientHello, [], [1]),
    outside('signature_algorithms_cert', signatureAlgorithmsCert.in.ClientHello, [], [1]),
    outside('signature_algorithms, too many', signatureAlgorithms.in.ClientHello, ids(32768), ids(32767)),
    outside('authorities', certificateAuthorities.in.ClientHello, [], [one]),
    outside('DistinguishedName', certificateAuthorities.in.ClientHello, [one, none], [one]),
    outside(
      'certificate_extension_oid',
      oidFilters.in.CertificateRequest,
      [{ oid: none, values: none }],
      [{ oid: one, values: none }],
    ),
    outside('key_exchange', keyShare.in.ServerHello, { group: 29, keyExchange: none }, { group: 29, keyExchange: one }),
    outside('ke_modes', pskKeyExchangeModes.in.ClientHello, [], [1]),
    outside(
      'identities',
      preSharedKey.in.ClientHello,
      { identities: [], binders: [] },
      { identities: [identity], binders: [binder] },
    ),
    outside(
      'identity',
      preSharedKey.in.ClientHello,
      { identities: [{ ...identity, identity: none }], binders: [binder] },
      { identities: [identity], binders: [binder] },
    ),
    outside(
      'PskBinderEntry, short',
      preSharedKey.in.ClientHello,
      // The second makes up for the size that the whole list must have.
      { identities: [identity, identity], binders: [new Uint8Array(31), binder] },
      { identities: [identity, identity], binders: [binder, binder] },
    ),
    outside(
      'PskBinderEntry, long',
      preSharedKey.in.ClientHello,
      { identities: [identity], binders: [new Uint8Array(256)] },
      { identities: [identity], binders: [new Uint8Array(255)] },
    ),
    outside('protocol_name_list', alpn.in.ClientHello, [], ['x']),
    outside('ProtocolName, empty', alpn.in.ClientHello, ['xx', ''], ['xx']),
    outside('ProtocolName, long', alpn.in.ClientHello, ['x'.repeat(256)], ['x'.repeat(255)]),
    outside('algorithms, none', compressCertificate.in.ClientHello, [], [1]),
    outside('algorithms, too many', compressCertificate.in.ClientHello, ids(128), ids(127)),
    outside('client_certificate_types', clientCertificateType.in.ClientHello, [], [0]),
    outside('server_certificate_types', serverCertificateType.in.ClientHello, [], [0]),
    outside('ec_point_format_list', ecPointFormats.in.ClientHello, none, Uint8Array.of(0)),
    outside('renegotiated_connection', renegotiationInfo.in.ClientHello, new Uint8Array(256), new Uint8Array(255)),
  ])('%s', (_, codec, value, within) => {
    expect(faultOf(() => encode(codec, value))).toBe('ERR_LIMIT');
    expect(faultOf(() => encode(codec, within))).toBeUndefined();
  });

  it('are the same when reading as when writing', () => {
    const few = opaque(1, 2, 3);
    const some = list(1, u8, 2, 3);
    for (const length of [0, 1, 2, 3, 4]) {
      const bad = length < 2 || length > 3;
      const wire = Uint8Array.of(length, ...new Uint8Array(length));
      for (const codec of [few, some] as Codec<unknown>[]) {
        const value = codec === few ? new Uint8Array(length) : [...new Uint8Array(length)];
        expect(faultOf(() => encode(codec, value))).toBe(bad ? 'ERR_LIMIT' : undefined);
        expect(faultOf(() => codec.read(new Reader(wire)))).toBe(bad ? 'ERR_DECODE' : undefined);
      }
    }
  });

  it('hold for numbers', () => {
    for (const bad of [-1, 256, 1.5, Number.NaN]) expect(faultOf(() => encode(u8, bad))).toBe('ERR_LIMIT');
    expect(faultOf(() => encode(u16, 65536))).toBe('ERR_LIMIT');
    expect(toHex(encode(u16, 65535))).toBe('ffff');
  });

  it('hold for what a length can say, and the length is as wide as it was told', () => {
    const writer = new Writer();
    expect(faultOf(() => writer.prefixed(1, () => writer.raw(new Uint8Array(256))))).toBe('ERR_LIMIT');
    const wide = new Writer();
    expect(wide.prefixed(3, () => wide.raw(new Uint8Array(0x10203)))).toBe(0x10203);
    expect(toHex(wide.finish().subarray(0, 3))).toBe('010203');
    expect(toHex(encodeHandshake(11, new Uint8Array(0x10203)).subarray(0, 4))).toBe('0b010203');
  });
});

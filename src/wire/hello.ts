import type { Reader } from '../bytes/reader.ts';
import { fromHex } from '../bytes/bytes.ts';
import { type Codec, fixed, list, opaque, struct, u8, u16 } from './codec.ts';
import { RawExtension } from './extension.ts';

/** RFC 9846 section 4.2.2. */
export interface ClientHello {
  /** 0x0303. */
  readonly legacyVersion: number;
  /** 32 bytes. */
  readonly random: Uint8Array;
  /** 0 to 32 bytes. */
  readonly legacySessionId: Uint8Array;
  readonly cipherSuites: number[];
  readonly legacyCompressionMethods: Uint8Array;
  /** Empty too when the whole block is missing, as it may be before TLS 1.3. */
  readonly extensions: RawExtension[];
}

/** RFC 9846 section 4.2.3. HelloRetryRequest has the same form. */
export interface ServerHello {
  /** 0x0303. */
  readonly legacyVersion: number;
  /** 32 bytes. */
  readonly random: Uint8Array;
  /** 0 to 32 bytes. */
  readonly legacySessionIdEcho: Uint8Array;
  readonly cipherSuite: number;
  readonly legacyCompressionMethod: number;
  readonly extensions: RawExtension[];
}

const extensionBlock: Codec<RawExtension[]> = /* @__PURE__ */ list(2, RawExtension, 0, 0xffff);

/**
 * Before TLS 1.3 a hello may end where its extensions would begin. An empty list is written as no block at all.
 */
const optionalBlock: Codec<RawExtension[]> = {
  rfc: 'Extension<0..65535>',
  read: (reader: Reader) => (reader.remaining === 0 ? [] : extensionBlock.read(reader)),
  write: (writer, value) => {
    if (value.length > 0) extensionBlock.write(writer, value);
  },
};

export const ClientHello: Codec<ClientHello> = /* @__PURE__ */ struct<ClientHello>('ClientHello', {
  legacyVersion: u16,
  random: /* @__PURE__ */ fixed(32),
  legacySessionId: /* @__PURE__ */ opaque(1, 0, 32),
  cipherSuites: /* @__PURE__ */ list(2, u16, 2, 0xfffe),
  legacyCompressionMethods: /* @__PURE__ */ opaque(1, 1, 255),
  extensions: optionalBlock,
});

export const ServerHello: Codec<ServerHello> = /* @__PURE__ */ struct<ServerHello>('ServerHello', {
  legacyVersion: u16,
  random: /* @__PURE__ */ fixed(32),
  legacySessionIdEcho: /* @__PURE__ */ opaque(1, 0, 32),
  cipherSuite: u16,
  legacyCompressionMethod: u8,
  extensions: optionalBlock,
});

/** ServerHello.random of a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 9846 section 4.2.3). */
export const HELLO_RETRY_RANDOM: Uint8Array = /* @__PURE__ */ fromHex(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
);

/** Last eight bytes of ServerHello.random where a TLS 1.3 server speaks TLS 1.2 (RFC 9846 section 4.2.3). */
export const DOWNGRADE_TLS12: Uint8Array = /* @__PURE__ */ fromHex('444f574e47524401');
/** The same for versions below TLS 1.2. */
export const DOWNGRADE_TLS11: Uint8Array = /* @__PURE__ */ fromHex('444f574e47524400');

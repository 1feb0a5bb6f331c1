import { fromAscii } from '../../bytes/bytes.ts';
import { type Codec, list, mapped, opaque } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_ALPN } from '../ids.ts';

/** Protocol names are bytes; those in use are ASCII. Any other byte is kept as the character of the same number. */
const protocolName: Codec<string> = /* @__PURE__ */ mapped(
  /* @__PURE__ */ opaque(1, 1, 255),
  (bytes) => String.fromCharCode(...bytes),
  latin1,
);

const protocolNames: Codec<string[]> = /* @__PURE__ */ list(2, protocolName, 2, 0xffff);

/** Application protocols, best first; the answer has exactly one (RFC 7301 section 3.1). */
export const alpn: Extension<{ ClientHello: string[]; EncryptedExtensions: string[]; ServerHello12: string[] }> = {
  id: EXTENSION_ALPN,
  name: 'application_layer_protocol_negotiation',
  rfc: 'RFC 7301 section 3.1',
  in: { ClientHello: protocolNames, EncryptedExtensions: protocolNames, ServerHello12: protocolNames },
};

function latin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255) return fromAscii(text);
    bytes[i] = code;
  }
  return bytes;
}

import { fromAscii, toAscii } from '../../bytes/bytes.ts';
import { TlsError } from '../../errors.ts';
import { type Codec, empty, list, mapped, opaque, struct, u8 } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_SERVER_NAME } from '../ids.ts';

interface ServerName {
  readonly nameType: number;
  readonly name: Uint8Array;
}

const serverNameList: Codec<ServerName[]> = /* @__PURE__ */ list(
  2,
  /* @__PURE__ */ struct<ServerName>('ServerName', { nameType: u8, name: /* @__PURE__ */ opaque(2, 1, 0xffff) }),
  1,
  0xffff,
);

/** One host name of printable ASCII: the list has never had a second kind, and never may have two of one. */
const hostName: Codec<string> = /* @__PURE__ */ mapped(
  serverNameList,
  (names) => {
    const text = names.length === 1 && names[0]!.nameType === 0 ? toAscii(names[0]!.name) : undefined;
    if (text === undefined || !/^[!-~]+$/.test(text)) throw new TlsError('ERR_DECODE', { detail: 'server_name is not one host name', rfc: 'RFC 6066 section 3' });
    return text;
  },
  (name) => [{ nameType: 0, name: fromAscii(name) }],
);

/** The name the client asks for (RFC 6066 section 3). The server's answer is empty. */
export const serverName: Extension<{ ClientHello: string; EncryptedExtensions: undefined; ServerHello12: undefined }> = {
  id: EXTENSION_SERVER_NAME,
  name: 'server_name',
  rfc: 'RFC 6066 section 3',
  in: { ClientHello: hostName, EncryptedExtensions: empty, ServerHello12: empty },
};

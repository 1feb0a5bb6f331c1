import { fromAscii, toAscii } from '../../bytes/bytes.ts';
import { TlsError } from '../../errors.ts';
import { type Codec, empty, list, mapped, opaque, struct, u8 } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_SERVER_NAME } from '../ids.ts';

const HOST_NAME = 0;
const PRINTABLE = /^[!-~]+$/;

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

/** Names of a kind we do not know are ignored: RFC 6066 fixed their form so that this can be done. */
const hostName: Codec<string | undefined> = /* @__PURE__ */ mapped(
  serverNameList,
  (names) => {
    if (new Set(names.map(({ nameType }) => nameType)).size !== names.length) throw refused('two names of one kind');
    const host = names.find(({ nameType }) => nameType === HOST_NAME);
    if (host === undefined) return undefined;
    const text = toAscii(host.name);
    if (text === undefined || !PRINTABLE.test(text)) throw refused('a host name that is not printable ASCII');
    return text;
  },
  (name) => {
    if (name === undefined || !PRINTABLE.test(name)) {
      throw new TlsError('ERR_LIMIT', { detail: 'server_name: a host name is printable ASCII' });
    }
    return [{ nameType: HOST_NAME, name: fromAscii(name) }];
  },
);

/**
 * The name the client asks for, undefined when it gives none of the one kind there is (RFC 6066 section 3). The server's
 * answer is empty. In a CertificateRequest it belongs to exported authenticators (RFC 9261 section 4), and is only read.
 */
export const serverName: Extension<{
  ClientHello: string | undefined;
  EncryptedExtensions: undefined;
  CertificateRequest: string | undefined;
  ServerHello12: undefined;
}> = {
  id: EXTENSION_SERVER_NAME,
  name: 'server_name',
  rfc: 'RFC 6066 section 3',
  in: { ClientHello: hostName, EncryptedExtensions: empty, CertificateRequest: hostName, ServerHello12: empty },
};

function refused(detail: string): TlsError {
  return new TlsError('ERR_ILLEGAL_PARAMETER', { detail: `server_name: ${detail}`, rfc: 'RFC 6066 section 3' });
}

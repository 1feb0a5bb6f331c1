import { type PeerFault, TlsError } from '../errors.ts';
import { type Arrival, type ArrivalName, HANDSHAKE_TYPE, type Row } from '../handshake/machine.ts';
import { classifyServerHello } from '../wire/classify.ts';
import { decode } from '../wire/codec.ts';
import { readExtensions } from '../wire/extension.ts';
import { supportedVersions } from '../wire/extensions/supported-versions.ts';
import { ClientHello, ServerHello } from '../wire/hello.ts';
import { HANDSHAKE_CLIENT_HELLO, HANDSHAKE_SERVER_HELLO, TLS_1_2, TLS_1_3 } from '../wire/ids.ts';

type Refusals = readonly ({ readonly [A in ArrivalName]?: PeerFault } | undefined)[];

/**
 * Which cell of this row is the message for? The type decides, and for a hello what it says.
 * @throws TlsError ERR_UNEXPECTED_MESSAGE when there is no cell, or the better name which the version has for it.
 */
export function nameArrival(message: Arrival, row: Row, refusals: Refusals): ArrivalName {
  const named = (table: object): ArrivalName[] =>
    (Object.keys(table) as ArrivalName[]).filter((name) => HANDSHAKE_TYPE[name] === message.type);
  const names = named(row);
  if (names.length === 0) {
    const [refusal] = refusals.flatMap((table) => named(table ?? {}).map((name) => table![name]!));
    throw new TlsError(refusal ?? 'ERR_UNEXPECTED_MESSAGE', { detail: `handshake type ${message.type}` });
  }
  const name = nameHello(message, row) ?? names[0]!;
  if (row[name] !== undefined) return name;
  for (const refusal of refusals) {
    const code = refusal?.[name];
    if (code !== undefined) throw new TlsError(code, { detail: name });
  }
  throw new TlsError('ERR_UNEXPECTED_MESSAGE', { detail: name });
}

/** A hello is named by its version; any other message by its type alone. */
function nameHello(message: Arrival, row: Row): ArrivalName | undefined {
  if (message.type === HANDSHAKE_SERVER_HELLO) return classifyServerHello(decode(ServerHello, message.body));
  if (message.type !== HANDSHAKE_CLIENT_HELLO) return undefined;
  const hello = decode(ClientHello, message.body);
  const versions = readExtensions('ClientHello', hello.extensions, [supportedVersions]).get(supportedVersions);
  if (versions?.includes(TLS_1_3) !== true) return 'ClientHello12';
  // A client may speak both: it gets the best that is there (RFC 9846 section 4.3.1).
  const lower = row.ClientHello13 === undefined && row.ClientHello12 !== undefined && versions.includes(TLS_1_2);
  return lower ? 'ClientHello12' : 'ClientHello13';
}

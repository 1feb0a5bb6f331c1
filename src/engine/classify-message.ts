import { TlsError } from '../errors.ts';
import {
  type Arrival,
  type ArrivalName,
  type ClientHelloArrival,
  HANDSHAKE_TYPE,
  isArrivalName,
  type Machine,
  type Row,
  type ServerHelloArrival,
} from '../handshake/machine.ts';
import { classifyServerHello } from '../wire/classify.ts';
import { decode } from '../wire/codec.ts';
import { readExtensions } from '../wire/extension.ts';
import { supportedVersions } from '../wire/extensions/supported-versions.ts';
import { ClientHello, ServerHello } from '../wire/hello.ts';
import { HANDSHAKE_CLIENT_HELLO, HANDSHAKE_SERVER_HELLO, TLS_1_2, TLS_1_3 } from '../wire/ids.ts';

/** A message by its name; a hello, which had to be read for that, carries what was read. */
export interface Classified {
  readonly name: ArrivalName;
  readonly message: Arrival | ClientHelloArrival | ServerHelloArrival;
}

/**
 * Which cell of the row of this state is the message for? The type decides, and for a hello what it says.
 * @throws TlsError ERR_UNEXPECTED_MESSAGE when there is no cell, or the better name which the version has for it.
 */
export function classifyMessage(message: Arrival, state: string, machine: Machine): Classified {
  const row = machine.table[state] ?? {};
  const first = firstIn(row, message.type);
  if (first === undefined) {
    const [refusal] = machine
      .refusals(state)
      .flatMap((table = {}) => namesIn(table, message.type).map((name) => table[name]));
    throw new TlsError(refusal ?? 'ERR_UNEXPECTED_MESSAGE', { detail: `handshake type ${message.type}` });
  }
  const classified = classifyHello(message, row) ?? { name: first, message };
  const { name } = classified;
  if (row[name] !== undefined) return classified;
  for (const refusal of machine.refusals(state)) {
    const code = refusal?.[name];
    if (code !== undefined) throw new TlsError(code, { detail: name });
  }
  throw new TlsError('ERR_UNEXPECTED_MESSAGE', { detail: name });
}

function firstIn(row: Row, type: number): ArrivalName | undefined {
  for (const name of Object.keys(row)) if (isArrivalName(name) && HANDSHAKE_TYPE[name] === type) return name;
  return undefined;
}

function namesIn(table: object, type: number): ArrivalName[] {
  return Object.keys(table)
    .filter(isArrivalName)
    .filter((name) => HANDSHAKE_TYPE[name] === type);
}

/** A hello is named by its version; any other message by its type alone. */
function classifyHello(message: Arrival, row: Row): Classified | undefined {
  if (message.type === HANDSHAKE_SERVER_HELLO) {
    const hello = decode(ServerHello, message.body);
    return { name: classifyServerHello(hello), message: { ...message, hello } };
  }
  if (message.type !== HANDSHAKE_CLIENT_HELLO) return undefined;
  const hello = decode(ClientHello, message.body);
  return { name: nameClientHello(hello, row), message: { ...message, hello } };
}

function nameClientHello(hello: ClientHello, row: Row): ArrivalName {
  const versions = readExtensions('ClientHello', hello.extensions, [supportedVersions]).get(supportedVersions);
  if (versions?.includes(TLS_1_3) !== true) return 'ClientHello12';
  // A client may speak both: it gets the best that is there (RFC 9846 section 4.3.1).
  const lower = row.ClientHello13 === undefined && row.ClientHello12 !== undefined && versions.includes(TLS_1_2);
  return lower ? 'ClientHello12' : 'ClientHello13';
}

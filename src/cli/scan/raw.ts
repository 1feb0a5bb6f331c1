import { once } from 'node:events';
import { isIP } from 'node:net';
import { concat, concatAll } from '../../bytes/bytes.ts';
import { decode, encode } from '../../wire/codec.ts';
import { serverName } from '../../wire/extensions/server-name.ts';
import type { RawExtension } from '../../wire/extension.ts';
import { encodeHandshake } from '../../wire/handshake.ts';
import { ClientHello, HELLO_RETRY_RANDOM, ServerHello } from '../../wire/hello.ts';
import * as ids from '../../wire/ids.ts';
import { TlsError } from '../../errors.ts';
import { equalBytes } from '../../bytes/bytes.ts';
import { dial } from '../connect/dial.ts';
import type { Target } from '../connect/target.ts';

/** A ClientHello without a handshake behind it, and what a server answers: it costs neither side a key. */

export interface Question {
  /** The version that is asked for: 0x0300 to 0x0304. */
  readonly version: number;
  readonly suites: readonly number[];
  readonly groups: readonly number[];
}

/** What the server chose; undefined: it refused. */
export interface Choice {
  readonly version: number;
  readonly suite: number;
  /** NamedGroup of the key exchange, where the server said it in plaintext. */
  readonly group: number | undefined;
}

/** Asks, and hangs up. @throws Failure when there is no connection. */
export async function ask(
  target: Target,
  name: string,
  question: Question,
  milliseconds: number,
): Promise<Choice | undefined> {
  const socket = await dial(target, milliseconds);
  socket.on('error', () => {});
  socket.write(record(hello(name, question)));
  const signal = AbortSignal.timeout(milliseconds);
  let bytes: Uint8Array = new Uint8Array(0);
  try {
    for (;;) {
      const choice = choiceIn(bytes, question);
      if (choice !== 'more') return choice;
      const [chunk]: readonly Uint8Array[] = await Promise.race([
        once(socket, 'data', { signal }),
        once(socket, 'close', { signal }).then(() => []),
      ]);
      if (chunk === undefined || bytes.length > 262_144) return choiceIn(bytes, question, true) as Choice | undefined;
      bytes = concat(bytes, chunk);
    }
  } catch {
    // It says nothing, or hangs up, or what it says cannot be read: it does not speak this.
    return undefined;
  } finally {
    socket.destroy();
  }
}

function record(content: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(22, 3, 1, content.length >> 8, content.length & 255), content);
}

/** Every scheme of signatures that servers have, so that none refuses for the lack of one. */
const SCHEMES = [
  0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601,
  0x0203, 0x0201, 0x0202,
];

function hello(name: string, { version, suites, groups }: Question): Uint8Array {
  const list = (numbers: readonly number[]): number[] => numbers.flatMap((id) => [id >> 8, id & 255]);
  const sized = (numbers: readonly number[]): Uint8Array => {
    const bytes = list(numbers);
    return Uint8Array.from([bytes.length >> 8, bytes.length & 255, ...bytes]);
  };
  const extensions: RawExtension[] = [];
  const add = (type: number, data: Uint8Array): void => void extensions.push({ type, data });
  if (version > 0x0300) {
    if (isIP(name) === 0) add(ids.EXTENSION_SERVER_NAME, encode(serverName.in.ClientHello, name));
    if (groups.length > 0) add(ids.EXTENSION_SUPPORTED_GROUPS, sized(groups));
    add(ids.EXTENSION_EC_POINT_FORMATS, Uint8Array.of(1, 0));
    if (version >= 0x0303) add(ids.EXTENSION_SIGNATURE_ALGORITHMS, sized(SCHEMES));
    add(ids.EXTENSION_EXTENDED_MAIN_SECRET, new Uint8Array(0));
  }
  if (version === ids.TLS_1_3) {
    add(ids.EXTENSION_SUPPORTED_VERSIONS, Uint8Array.of(2, 3, 4));
    // No share: the server names the group that it wants.
    add(ids.EXTENSION_KEY_SHARE, Uint8Array.of(0, 0));
  } else suites = [...suites, 0x00ff];
  const body = encode(ClientHello, {
    legacyVersion: Math.min(version, 0x0303),
    random: crypto.getRandomValues(new Uint8Array(32)),
    legacySessionId: version === ids.TLS_1_3 ? crypto.getRandomValues(new Uint8Array(32)) : new Uint8Array(0),
    cipherSuites: [...suites],
    legacyCompressionMethods: Uint8Array.of(0),
    extensions,
  });
  return encodeHandshake(ids.HANDSHAKE_CLIENT_HELLO, body);
}

/** What is in the records so far. */
function choiceIn(bytes: Uint8Array, { version, groups }: Question, isEnd = false): Choice | undefined | 'more' {
  const parts: Uint8Array[] = [];
  let isRefused = false;
  for (let at = 0; at + 5 <= bytes.length; ) {
    const length = bytes[at + 3]! * 256 + bytes[at + 4]!;
    if (bytes[at] === 21) isRefused = true;
    else if (bytes[at] === 22) parts.push(bytes.subarray(at + 5, at + 5 + length));
    else if (bytes[at] !== 20) break;
    at += 5 + length;
  }
  const all = concatAll(parts);
  let choice: Choice | undefined;
  for (let at = 0; at + 4 <= all.length; ) {
    const length = all[at + 1]! * 65_536 + all[at + 2]! * 256 + all[at + 3]!;
    if (at + 4 + length > all.length) break;
    const body = all.subarray(at + 4, at + 4 + length);
    if (all[at] === ids.HANDSHAKE_SERVER_HELLO) choice = chosen(body);
    if (choice !== undefined && (choice.version !== version || version === ids.TLS_1_3 || groups.length === 0))
      return choice.version === version ? choice : undefined;
    if (choice !== undefined && all[at] === ids.HANDSHAKE_SERVER_KEY_EXCHANGE)
      return { ...choice, group: body[0] === 3 ? body[1]! * 256 + body[2]! : undefined };
    if (choice !== undefined && all[at] === ids.HANDSHAKE_SERVER_HELLO_DONE) return choice;
    at += 4 + length;
  }
  if (choice !== undefined && (isEnd || isRefused)) return choice;
  return isRefused || isEnd ? undefined : 'more';
}

function chosen(body: Uint8Array): Choice | undefined {
  let found: ServerHello;
  try {
    found = decode(ServerHello, body);
  } catch (error) {
    if (error instanceof TlsError) return undefined;
    throw error;
  }
  const data = (type: number): Uint8Array | undefined => found.extensions.find((one) => one.type === type)?.data;
  const version = data(ids.EXTENSION_SUPPORTED_VERSIONS);
  const share = data(ids.EXTENSION_KEY_SHARE);
  const isRetry = equalBytes(found.random, HELLO_RETRY_RANDOM);
  return {
    version: version === undefined ? found.legacyVersion : version[0]! * 256 + version[1]!,
    suite: found.cipherSuite,
    group: share === undefined || (!isRetry && share.length < 2) ? undefined : share[0]! * 256 + share[1]!,
  };
}

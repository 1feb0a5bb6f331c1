import { once } from 'node:events';
import type { Socket } from 'node:net';
import { concat } from '../bytes/bytes.ts';
import { TlsError } from '../errors.ts';
import { decode, encode } from '../wire/codec.ts';
import { serverName } from '../wire/extensions/server-name.ts';
import { encodeHandshake } from '../wire/handshake.ts';
import { ClientHello, ServerHello } from '../wire/hello.ts';

/** The first thing that a client says, and answers to it that need no keys. */

export interface FirstHello {
  /** All that was received, to be given to an engine. */
  readonly bytes: Uint8Array;
  readonly hello: ClientHello;
  readonly name: string | undefined;
}

/** More is no ClientHello of today. */
const MAX = 65_536;

/** Reads a ClientHello; undefined: that is none, or it does not come. */
export async function readHello(socket: Socket, milliseconds: number): Promise<FirstHello | undefined> {
  let bytes: Uint8Array = new Uint8Array(0);
  const signal = AbortSignal.timeout(milliseconds);
  try {
    for (;;) {
      const message = handshakeIn(bytes);
      if (message !== undefined) return { bytes, ...parsed(message) };
      if (bytes.length > MAX || (bytes.length > 0 && bytes[0] !== 22)) return undefined;
      const [chunk]: readonly Uint8Array[] = await Promise.race([
        once(socket, 'data', { signal }),
        once(socket, 'end', { signal }).then(() => []),
      ]);
      if (chunk === undefined) return undefined;
      bytes = concat(bytes, chunk);
    }
  } catch (error) {
    // Out of time, gone, or no ClientHello: there is none to answer.
    if (error instanceof TlsError || (error instanceof Error && error.name !== 'TypeError')) return undefined;
    throw error;
  } finally {
    socket.pause();
  }
}

/** The first message in these records; undefined: it has not come whole. */
function handshakeIn(bytes: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const length = bytes[at + 3]! * 256 + bytes[at + 4]!;
    if (bytes[at] !== 22) return undefined;
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  const all = concat(...parts);
  const length = all.length < 4 ? undefined : all[1]! * 65_536 + all[2]! * 256 + all[3]!;
  return length === undefined || all.length < 4 + length ? undefined : all.subarray(0, 4 + length);
}

function parsed(message: Uint8Array): Pick<FirstHello, 'hello' | 'name'> {
  const hello = decode(ClientHello, message.subarray(4));
  const found = hello.extensions.find(({ type }) => type === serverName.id);
  return { hello, name: found === undefined ? undefined : decode(serverName.in.ClientHello, found.data) };
}

/** A record in plaintext. */
export function record(type: number, content: Uint8Array, version: number = 0x0303): Uint8Array {
  return concat(Uint8Array.of(type, version >> 8, version & 255, content.length >> 8, content.length & 255), content);
}

/** A ServerHello in a record. */
export function serverHello(change: Partial<ServerHello>, client: ClientHello): Uint8Array {
  const hello: ServerHello = {
    legacyVersion: 0x0303,
    random: crypto.getRandomValues(new Uint8Array(32)),
    legacySessionIdEcho: client.legacySessionId,
    cipherSuite: 0x1301,
    legacyCompressionMethod: 0,
    extensions: [],
    ...change,
  };
  return record(22, encodeHandshake(2, encode(ServerHello, hello)));
}

/** The alert in what a client says in plaintext; undefined: there is none. */
export function plaintextAlert(bytes: Uint8Array): number | undefined {
  for (let at = 0; at + 5 <= bytes.length; ) {
    const length = bytes[at + 3]! * 256 + bytes[at + 4]!;
    if (bytes[at] === 21 && length === 2) return bytes[at + 6];
    at += 5 + length;
  }
  return undefined;
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import { TlsError } from '../../src/errors.ts';
import { annotate } from '../../src/inspect/annotate.ts';
import { extensionFor, FIRST_SETTING, readingOf, type Setting, settingAfter } from '../../src/inspect/codecs.ts';
import { dump } from '../../src/inspect/dump.ts';
import { summarize } from '../../src/inspect/summary.ts';
import { decode, encode } from '../../src/wire/codec.ts';
import { readExtensions } from '../../src/wire/extension.ts';
import type { ClientHello } from '../../src/wire/hello.ts';

/** What BoringSSL's fuzzers found worth keeping: flights of clients and servers, most of them broken somewhere. */
const FILE = join(import.meta.dirname, '../../../shared/vectors/flights/boringssl-corpora.json.gz');
const present = existsSync(FILE);
if (!present) console.log('skipped: vectors not present');

describe.skipIf(!present)('flights of others', () => {
  const corpora = present
    ? (JSON.parse(gunzipSync(readFileSync(FILE)).toString()) as { readonly [name: string]: readonly string[] })
    : {};

  it.each(['client', 'client_no_fuzzer_mode', 'server', 'server_no_fuzzer_mode'])(
    '%s: read, or refused with a TlsError',
    (name) => {
      let messages = 0;
      let read = 0;
      for (const text of corpora[name]!) {
        let setting: Setting = FIRST_SETTING;
        for (const message of messagesIn(wireBytes(Uint8Array.from(Buffer.from(text, 'base64'))))) {
          messages++;
          const body = message.subarray(4);
          if (tryToRead(message[0]!, body, setting)) read++;
          summarize(message[0]!, body, setting);
          dump(message, setting);
          let at = 0;
          for (const { kind, start, end } of annotate(message, setting)) {
            if (kind === 'message' || kind === 'group') continue;
            expect(start).toBe(at);
            at = end;
          }
          expect(at).toBe(message.length);
          setting = settingAfter(message[0]!, body, setting);
        }
      }
      // So that the test cannot pass by finding nothing.
      expect(messages).toBeGreaterThan(300);
      expect(read).toBeGreaterThan(100);
    },
  );
});

/** True when it could be read; what was read can be written, and read again. */
function tryToRead(type: number, body: Uint8Array, setting: Setting): boolean {
  const { codec, carrier } = readingOf(type, body, setting);
  try {
    const value = decode(codec, body);
    const again = encode(codec, value);
    expect(decode(codec, again)).toEqual(value);
    const extensions = (value as Partial<ClientHello> | undefined)?.extensions;
    if (carrier !== undefined && extensions !== undefined) {
      const known = extensions.map((extension) => extensionFor(extension.type)).filter((found) => found !== undefined);
      readExtensions(carrier, extensions, known);
    }
    return true;
  } catch (fault) {
    expect(fault).toBeInstanceOf(TlsError);
    expect((fault as TlsError).alert).toBeDefined();
    return false;
  }
}

/** Fields with a u16 tag stand in front: 1 and 5 have content with a length of three bytes, 0 has all that follows. */
function wireBytes(entry: Uint8Array): Uint8Array {
  for (let at = 0; at + 2 <= entry.length; ) {
    const tag = entry[at]! * 256 + entry[at + 1]!;
    at += 2;
    if (tag === 0) return entry.subarray(at);
    if (tag === 1 || tag === 5)
      at += 3 + (entry[at] ?? 0) * 0x10000 + (entry[at + 1] ?? 0) * 256 + (entry[at + 2] ?? 0);
  }
  return new Uint8Array(0);
}

/** The handshake messages in its records, those that claim to be protected left out. */
function messagesIn(wire: Uint8Array): Uint8Array[] {
  const contents: Uint8Array[] = [];
  for (let at = 0; at + 5 <= wire.length; ) {
    const length = wire[at + 3]! * 256 + wire[at + 4]!;
    if (wire[at] === 22) contents.push(wire.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  const joined = concat(...contents);
  const messages: Uint8Array[] = [];
  for (let at = 0; at + 4 <= joined.length; ) {
    const length = 4 + joined[at + 1]! * 0x10000 + joined[at + 2]! * 256 + joined[at + 3]!;
    messages.push(joined.subarray(at, at + length));
    at += length;
  }
  return messages;
}

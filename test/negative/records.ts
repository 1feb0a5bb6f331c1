import { concat } from '../../src/bytes/bytes.ts';
import type { Row } from './confront.ts';

/** What no peer may do with records, in either role. */

const record = (type: number, ...content: number[]): Uint8Array =>
  Uint8Array.of(type, 3, 3, content.length >> 8, content.length & 255, ...content);
/** In front of the first piece that the misbehaving peer writes, behind it, or in place of it. */
const first =
  (extra: Uint8Array): NonNullable<Row['wire']> =>
  (bytes, number) =>
    number === 0 ? [extra, bytes] : [bytes];
const instead =
  (change: (bytes: Uint8Array) => readonly Uint8Array[]): NonNullable<Row['wire']> =>
  (bytes, number) =>
    number === 0 ? change(bytes) : [bytes];
/** The record that carries the first piece of data, which is the last that comes. */
const last = (change: (bytes: Uint8Array) => readonly Uint8Array[]): Pick<Row, 'wire' | 'later'> => {
  let open = false;
  return {
    later: () => {
      open = true;
    },
    wire: (bytes) => (open ? change(bytes) : [bytes]),
  };
};
const long = (type: number, length: number): Uint8Array =>
  concat(Uint8Array.of(type, 3, 3, length >> 8, length & 255), new Uint8Array(length));

/** Made anew for each role: some rows remember how far the conversation has come. */
export const records = (): readonly Row[] => [
  { rule: '§5.1-15 §5-5 no data in the clear', wire: first(record(23, 1)), code: 'ERR_UNEXPECTED_RECORD', alert: 10 },
  {
    rule: '§5-5 §5-4 no unknown type',
    wire: first(record(24, 1)),
    code: 'ERR_NOT_TLS',
    alert: 10,
  },
  { rule: '§5.1-7 no empty record of a handshake', wire: first(record(22)), code: 'ERR_EMPTY_RECORD', alert: 10 },
  {
    rule: '§5.1-9 §5.1-8 one alert in a record',
    wire: first(record(21, 1, 0, 1, 0)),
    code: 'ERR_BAD_ALERT',
    alert: 50,
  },
  { rule: '§5.1-8 and a whole one', wire: first(record(21, 1)), code: 'ERR_BAD_ALERT', alert: 50 },
  { rule: '§5-2 ChangeCipherSpec is a one', wire: first(record(20, 2)), code: 'ERR_BAD_CCS', alert: 10 },
  { rule: '§5-2 and nothing else', wire: first(record(20, 1, 1)), code: 'ERR_BAD_CCS', alert: 10 },
  {
    rule: '§5.1-12 §5.1-13 no more than 2^14 bytes',
    wire: first(long(22, 16_385)),
    code: 'ERR_RECORD_OVERFLOW',
    alert: 22,
  },
  {
    rule: '§5.1-3 §5.1-2 nothing between the parts of a message',
    wire: instead((bytes) => [record(22, ...bytes.subarray(5, 15)), record(21, 1, 0), bytes]),
    code: 'ERR_INTERLEAVED',
    alert: 10,
  },
  {
    rule: '¶E.1-4 §5.1-11 §E-1 §E.2-4 the version of a record is nothing',
    wire: instead((bytes) => [bytes.with(1, 3).with(2, 1)]),
  },
  { rule: 'messages may come in any number of records', wire: instead((bytes) => pieces(bytes)) },
  {
    rule: 'what is no TLS',
    wire: first(Uint8Array.from('GET / HTTP/1.0\r\n\r\n', (letter) => letter.charCodeAt(0))),
    code: 'ERR_NOT_TLS',
    alert: 10,
  },
  {
    rule: '§E.5-4 §E.5-5 nor a hello of SSL 2',
    wire: first(Uint8Array.of(0x80, 46, 1, 3, 3, 0, 21, 0, 0, 0, 16)),
    code: 'ERR_NOT_TLS',
    alert: 10,
  },
  {
    rule: '§5.2-3 §5.2-1 a sealed record opens',
    ...last((bytes) => [bytes.with(bytes.length - 1, bytes[bytes.length - 1]! ^ 1)]),
    code: 'ERR_BAD_RECORD_MAC',
    alert: 20,
  },
  {
    rule: '§5.2-3 nor does one that comes twice',
    ...last((bytes) => [bytes, bytes]),
    code: 'ERR_BAD_RECORD_MAC',
    alert: 20,
  },
  {
    rule: '§5.2-1 §5.2-2 §5.2-5 it is no longer than 2^14 + 256 bytes',
    ...last(() => [long(23, 16_641)]),
    code: 'ERR_RECORD_OVERFLOW',
    alert: 22,
  },
  { rule: '§5-3 no ChangeCipherSpec behind Finished', ...last(() => [record(20, 1)]), code: 'ERR_BAD_CCS', alert: 10 },
  {
    rule: '§5-5 §4.5.3-2 nothing in the clear behind Finished',
    ...last(() => [record(21, 1, 0)]),
    code: 'ERR_UNEXPECTED_RECORD',
    alert: 10,
  },
];

/** The same message, a byte in each record. */
function pieces(bytes: Uint8Array): Uint8Array[] {
  const length = 5 + (bytes[3]! << 8) + bytes[4]!;
  return [...Array.from(bytes.subarray(5, length), (byte) => record(22, byte)), bytes.slice(length)];
}

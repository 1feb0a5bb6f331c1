import { client12, server12 } from '../../src/engine/protocols12.ts';
import { type Forgery, recordOf, type Sealable } from '../../src/testkit/misbehaving.ts';
import { firstSealed, type Row, sealed } from './confront.ts';

/** What no peer may put into records, though it has the keys. In either role. */

const MOST = 16_384;
/** In place of the data. */
const data =
  (change: (record: Sealable) => readonly Sealable[]): Forgery =>
  (record) =>
    record.type === 23 ? change(record) : [record];
const padded = (bytes: number): Forgery => data((record) => [{ ...record, padding: bytes - record.content.length }]);
const long = (length: number): Forgery => data(({ type }) => [recordOf(type, new Uint8Array(length))]);
const many = (count: number, record: Sealable): readonly Sealable[] => Array.from({ length: count }, () => record);

const BOTH: readonly Row[] = [
  {
    rule: '§5.1-7 no empty record of a handshake',
    forge: firstSealed((record) => [sealed(22), record]),
    code: 'ERR_EMPTY_RECORD',
    alert: 10,
  },
  {
    rule: '§5-4 §5-5 no unknown type',
    forge: data(({ content }) => [recordOf(25, content)]),
    code: 'ERR_UNEXPECTED_RECORD',
    alert: 10,
  },
  {
    rule: '§5.1-8 an alert is whole',
    forge: data(() => [sealed(21, 1)]),
    code: 'ERR_BAD_ALERT',
    alert: 50,
  },
  {
    rule: '§5.1-9 and alone in its record',
    forge: data(() => [sealed(21, 1, 0, 1, 0)]),
    code: 'ERR_BAD_ALERT',
    alert: 50,
  },
  { rule: '§5.4-2 and is not empty', forge: data(() => [sealed(21)]), code: 'ERR_EMPTY_RECORD', alert: 10 },
  { rule: '§6-6 its level is one', forge: data(() => [sealed(21, 3, 0)]), code: 'ERR_ALERT_LEVEL', alert: 47 },
  { rule: '§5.1-12 §5.1-13 no more than 2^14 bytes', forge: long(MOST + 1), code: 'ERR_RECORD_OVERFLOW', alert: 22 },
  { rule: '2^14 are right', forge: long(MOST) },
  { rule: 'a few empty records', forge: data((record) => [...many(32, sealed(23)), record]) },
  {
    rule: 'but not for ever',
    forge: data((record) => [...many(33, sealed(23)), record]),
    code: 'ERR_TOO_MANY_EMPTY_RECORDS',
    alert: 10,
  },
  { rule: 'user_canceled means nothing by itself', forge: data((record) => [sealed(21, 1, 90), record]) },
  {
    rule: 'and is not said again and again',
    forge: data((record) => [...many(5, sealed(21, 1, 90)), record]),
    code: 'ERR_TOO_MANY_WARNINGS',
    alert: 10,
  },
];

export const SEALED_13: readonly Row[] = [
  ...BOTH,
  {
    rule: '§5.4-4 every record has a type',
    forge: data(() => [recordOf(0, new Uint8Array(10))]),
    code: 'ERR_NO_CONTENT_TYPE',
    alert: 10,
  },
  { rule: '§5.4-1 padding is no content', forge: padded(MOST) },
  {
    rule: '§5.4-5 and counts against the limit',
    forge: padded(MOST + 1),
    code: 'ERR_RECORD_OVERFLOW',
    alert: 22,
  },
  {
    rule: '§5-2 no ChangeCipherSpec under keys',
    forge: firstSealed((record) => [sealed(20, 1), record]),
    code: 'ERR_UNEXPECTED_RECORD',
    alert: 10,
  },
  {
    rule: '§5-5 no data before Finished',
    forge: firstSealed((record) => [sealed(23, 1), record]),
    code: 'ERR_UNEXPECTED_RECORD',
    alert: 10,
  },
  {
    rule: '§5.1-2 §5.1-3 nothing between the parts of a message',
    forge: firstSealed(({ type, content }) => [
      recordOf(type, content.slice(0, 5)),
      sealed(21, 1, 90),
      recordOf(type, content.slice(5)),
    ]),
    code: 'ERR_INTERLEAVED',
    alert: 10,
  },
  {
    rule: 'messages may come in any number of records',
    forge: firstSealed(({ type, content }) => Array.from(content, (byte) => sealed(type, byte))),
  },
  {
    rule: '§6-3 an error is one whatever its level',
    forge: data((record) => [sealed(21, 1, 40), record]),
    code: 'ERR_ALERT_RECEIVED',
  },
  {
    rule: '§6-4 and so is what is unknown',
    forge: data((record) => [sealed(21, 1, 200), record]),
    code: 'ERR_ALERT_RECEIVED',
  },
  {
    rule: 'keys do not change for ever',
    later: (peer) => {
      for (let count = 0; count < 33; count++) peer.updateKeys();
    },
    code: 'ERR_TOO_MANY_KEY_UPDATES',
    alert: 10,
  },
];

const old = { client: { protocols: [client12] }, server: { protocols: [server12] } } as const;

export const SEALED_12: readonly Row[] = [
  ...BOTH.map((row) => ({ ...old, ...row })),
  {
    ...old,
    rule: 'ChangeCipherSpec comes once',
    forge: firstSealed((record) => [record, sealed(20, 1)]),
    code: 'ERR_BAD_CCS',
    alert: 10,
  },
  {
    ...old,
    rule: 'no data before Finished',
    forge: firstSealed((record) => [sealed(23, 1), record]),
    code: 'ERR_UNEXPECTED_RECORD',
    alert: 10,
  },
];

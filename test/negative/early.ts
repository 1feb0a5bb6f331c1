import { EncryptedExtensions } from '../../src/wire/messages13.ts';
import { ServerHello } from '../../src/wire/hello.ts';
import { recordOf, type Sealable } from '../../src/testkit/misbehaving.ts';
import { withEarlyData } from '../support/sessions.ts';
import { after, as, body, dropped, firstSealed, lastByte, put, type Row, sealed, twice, without } from './confront.ts';

/** Connections that resume a session, and bring data in the first flight. */

const EARLY_LIMIT = 1_000;
const limited = (): Pick<Row, 'client' | 'server'> => withEarlyData(EARLY_LIMIT);
const data = (length: number): Sealable => recordOf(23, new Uint8Array(length));

export const SERVER_EARLY: readonly Row[] = [
  { rule: 'as much as it may', ...limited(), forge: firstSealed(() => [data(EARLY_LIMIT)]) },
  {
    rule: '§4.3.10-10 no more than the ticket allows',
    ...limited(),
    forge: firstSealed(() => [data(EARLY_LIMIT + 1)]),
    code: 'ERR_TOO_MUCH_EARLY_DATA',
    alert: 10,
  },
  {
    rule: 'nor in parts',
    ...limited(),
    forge: firstSealed(() => [data(EARLY_LIMIT), data(1)]),
    code: 'ERR_TOO_MUCH_EARLY_DATA',
    alert: 10,
  },
  {
    rule: 'padding does not count',
    ...limited(),
    forge: firstSealed((record) => [{ ...record, padding: EARLY_LIMIT * 2 }]),
  },
  {
    rule: '§4.6-1 its end is told',
    ...withEarlyData(),
    change: dropped(5),
    code: 'ERR_BAD_RECORD_MAC',
    alert: 20,
  },
  { rule: 'once', ...withEarlyData(), change: twice(5), code: 'ERR_LEFTOVER_BYTES', alert: 10 },
  {
    rule: '§6-5 with nothing in it',
    ...withEarlyData(),
    change: body(5, () => Uint8Array.of(0)),
    code: 'ERR_TRAILING_BYTES',
    alert: 50,
  },
  {
    rule: '§5.1-5 and nothing behind it under the same keys',
    ...withEarlyData(),
    change: after(5, 20, 0, 0, 0),
    code: 'ERR_LEFTOVER_BYTES',
    alert: 10,
  },
  {
    rule: 'Finished does not come under early keys',
    ...withEarlyData(),
    forge: firstSealed((record) => [record, sealed(22, 20, 0, 0, 1, 0)]),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  { rule: 'Finished is right', ...withEarlyData(), change: lastByte(20), code: 'ERR_BAD_FINISHED', alert: 51 },
];

export const CLIENT_EARLY: readonly Row[] = [
  {
    rule: '§4.3.10-6 early data goes with the first session',
    ...withEarlyData(),
    change: as(2, ServerHello, put(41, 0, 1)),
    code: 'ERR_SELECTED_PSK',
    alert: 47,
  },
  {
    rule: '§4.3.10-6 and with a session at all',
    ...withEarlyData(),
    change: as(2, ServerHello, without(41)),
    code: 'ERR_BAD_RECORD_MAC',
    alert: 20,
  },
  {
    rule: '§4.3-2 its answer is empty',
    ...withEarlyData(),
    change: as(8, EncryptedExtensions, put(42, 0)),
    code: 'ERR_TRAILING_BYTES',
    alert: 50,
  },
];

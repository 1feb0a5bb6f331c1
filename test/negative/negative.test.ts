import { describe, expect, it } from 'vitest';
import { CLIENT_13 } from './client13.ts';
import { confront, type Row } from './confront.ts';
import { records } from './records.ts';
import { CLIENT_EARLY, SERVER_EARLY } from './early.ts';
import { SEALED_12, SEALED_13 } from './sealed.ts';
import { SERVER_13 } from './server13.ts';
import { CLIENT_12, SERVER_12 } from './tls12.ts';

/**
 * A peer that breaks one rule at a time, and is right in everything else: what it changes is hashed, signed and encrypted like
 * the truth. The other side finds each of them, by its name, and tells the peer what the RFC says.
 */
describe.each<[string, 'client' | 'server', readonly Row[]]>([
  ['a client of TLS 1.3', 'client', CLIENT_13],
  ['a server of TLS 1.3', 'server', SERVER_13],
  ['a client of TLS 1.2', 'client', CLIENT_12],
  ['a server of TLS 1.2', 'server', SERVER_12],
  ['a client of TLS 1.3, under the right keys', 'client', SEALED_13],
  ['a server of TLS 1.3, under the right keys', 'server', SEALED_13],
  ['a client of TLS 1.2, under the right keys', 'client', SEALED_12],
  ['a server of TLS 1.2, under the right keys', 'server', SEALED_12],
  ['a client with early data', 'client', CLIENT_EARLY],
  ['a server with early data', 'server', SERVER_EARLY],
  ['a client, by records', 'client', records()],
  ['a server, by records', 'server', records()],
])('%s is told: no', (_, role, rows) => {
  it.each(rows)('$rule', (row) => {
    const outcome = confront(role, row);
    if (row.code === undefined) expect(outcome).toMatchObject({ status: 'open', told: true });
    else expect(outcome).toMatchObject({ status: 'failed', code: row.code, alert: row.alert });
  });
});

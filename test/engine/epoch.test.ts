import { describe, expect, it } from 'vitest';
import type { Table } from '../../src/handshake/machine.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { type ClientParts, makePair, run, type ServerParts } from '../support/pair.ts';
import { toyCredential, toyVerifier } from '../support/toy.ts';

/**
 * Each message belongs to the keys that its cell of the table names. No peer can send one under others and be right about all
 * else, so it is the tables that are wrong here: a cell names other keys, and the message that comes as it should is refused.
 */

const mutual: { readonly client: ClientParts; readonly server: ServerParts } = {
  client: { credential: toyCredential },
  server: { clientAuth: 'require', verifier: toyVerifier },
};

/** The table with other keys in one cell. */
function under(table: Table, state: string, arrival: string): Table {
  const row = Object.entries(table[state] ?? {});
  return {
    ...table,
    [state]: Object.fromEntries(
      row.map(([name, edge]) => [
        name,
        name === arrival ? { ...edge, epoch: edge.epoch === 'application' ? 'plaintext' : 'application' } : edge,
      ]),
    ),
  };
}

/** The cells that this handshake goes through. */
function cells(role: 'client' | 'server', table: Table): [state: string, arrival: string][] {
  const found: [string, string][] = [];
  const arrivals: string[] = [];
  const onTrace: ClientParts['onTrace'] = (event) => {
    if (event.type === 'message' && event.arrival !== undefined) arrivals.push(event.arrival);
  };
  const pair = makePair(
    { ...mutual.client, ...(role === 'client' && { onTrace }) },
    { ...mutual.server, ...(role === 'server' && { onTrace }) },
  );
  run(pair);
  for (const [state, row] of Object.entries(table))
    for (const arrival of Object.keys(row)) if (arrivals.includes(arrival)) found.push([state, arrival]);
  return found;
}

describe.each(['client', 'server'] as const)('a message under other keys than its cell names, at the %s', (role) => {
  const { table } = role === 'client' ? client13 : server13;

  it('is unexpected, whichever it is', () => {
    let refused = 0;
    for (const [state, arrival] of cells(role, table)) {
      const changed = under(table, state, arrival);
      const pair = makePair(
        { ...mutual.client, ...(role === 'client' && { protocols: [{ ...client13, table: changed }] }) },
        { ...mutual.server, ...(role === 'server' && { protocols: [{ ...server13, table: changed }] }) },
      );
      const failed = run(pair)[role].find(({ type }) => type === 'failed');
      // Not every cell is of this handshake; those that are refuse.
      if (failed?.type !== 'failed') continue;
      expect(failed.error).toMatchObject({ code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 });
      expect(failed.error.message).toMatch(new RegExp(`${arrival} under \\w+ keys, in state ${state}`));
      refused++;
    }
    expect(refused).toBeGreaterThanOrEqual(role === 'client' ? 6 : 4);
  });
});

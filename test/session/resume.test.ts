import { describe, expect, it } from 'vitest';
import type { Pair } from '../support/pair.ts';
import { ends } from '../support/sessions.ts';

/** A second connection goes on with the first, where nothing that matters has changed. */

const resumed = ({ client, server }: Pair): boolean => {
  expect(client.facts.resumed).toBe(server.facts.resumed);
  return client.facts.resumed ?? false;
};

describe('resumption', () => {
  it('goes on with the session of before, without certificates', () => {
    const { connect } = ends();
    const first = connect();
    expect(resumed(first)).toBe(false);
    const second = connect();
    expect(resumed(second)).toBe(true);
    expect(second.client.facts.peer).toEqual(first.client.facts.peer);
    expect(second.client.facts.peerSignatureScheme).toBeUndefined();
    expect(second.client.facts.group).toEqual(first.client.facts.group);
    expect(second.client.exportKey('EXPORTER-x', undefined, 32)).toEqual(
      second.server.exportKey('EXPORTER-x', undefined, 32),
    );
    expect(second.client.exportKey('EXPORTER-x', undefined, 32)).not.toEqual(
      first.client.exportKey('EXPORTER-x', undefined, 32),
    );
  });

  it('goes on and on: a resumed connection brings a ticket too', () => {
    const { connect } = ends({}, { ticketCount: 1 });
    connect();
    for (let i = 0; i < 5; i++) expect(resumed(connect())).toBe(true);
  });
});

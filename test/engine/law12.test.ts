import { describe, expect, it } from 'vitest';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import type { AnyProtocol } from '../../src/handshake/config.ts';
import { type ArrivalName, HANDSHAKE_TYPE } from '../../src/handshake/machine.ts';
import { legacyClient12 } from '../../src/legacy.ts';
import { type Middle, message } from '../support/middle.ts';
import { reach12 } from '../support/states.ts';
import { toyProvider } from '../support/toy.ts';

/** The tables of TLS 1.2 are the law too. */

/** RFC 5246 section 7.3, RFC 6066 section 8 and RFC 5077 section 3.1, typed from their figures: what each state takes. */
const RFC_CLIENT = {
  WAIT_SH: ['ServerHello12'],
  WAIT_CERT_12: ['Certificate12'],
  WAIT_STATUS_12: ['CertificateStatus', 'ServerKeyExchange'],
  WAIT_SKE_12: ['ServerKeyExchange'],
  WAIT_CR_SHD_12: ['CertificateRequest12', 'ServerHelloDone'],
  WAIT_SHD_12: ['ServerHelloDone'],
  WAIT_TICKET_12: ['NewSessionTicket12'],
  WAIT_CCS_12: ['ChangeCipherSpec'],
  WAIT_FINISHED_12: ['Finished12'],
  WAIT_TICKET_RESUMED_12: ['NewSessionTicket12'],
  WAIT_CCS_RESUMED_12: ['ChangeCipherSpec'],
  WAIT_FINISHED_RESUMED_12: ['Finished12'],
  CONNECTED_12: ['HelloRequest'],
};
const RFC_SERVER = {
  START: ['ClientHello12'],
  WAIT_CERT_12: ['Certificate12'],
  WAIT_CKE_12: ['ClientKeyExchange'],
  WAIT_CKE_CV_12: ['ClientKeyExchange'],
  WAIT_CV_12: ['CertificateVerify12'],
  WAIT_CCS_12: ['ChangeCipherSpec'],
  WAIT_FINISHED_12: ['Finished12'],
  WAIT_CCS_RESUMED_12: ['ChangeCipherSpec'],
  WAIT_FINISHED_RESUMED_12: ['Finished12'],
  CONNECTED_12: [],
};

const protocols: readonly (readonly [AnyProtocol, { readonly [state: string]: readonly string[] }])[] = [
  [client12, RFC_CLIENT],
  [server12, RFC_SERVER],
];

describe.each(protocols)('the table of $role and $version', (protocol, rfc) => {
  it('says what the RFC says', () => {
    const rows = Object.fromEntries(Object.entries(protocol.table).map(([state, row]) => [state, Object.keys(row)]));
    expect(rows).toEqual(rfc);
  });

  it('marks what no byte may follow in a record: ChangeCipherSpec, and that after which the other side speaks', () => {
    const marked = ['ChangeCipherSpec', 'ClientHello12', 'ServerHelloDone'];
    for (const [state, row] of Object.entries(protocol.table))
      for (const [name, edge] of Object.entries(row))
        expect(edge.rekeysRead, name).toBe(marked.includes(name) && state !== 'CONNECTED_12' ? true : undefined);
  });

  it('leads from its start to every state, and only to states that have a row', () => {
    expect(reachable(protocol)).toEqual(Object.keys(protocol.table).sort());
  });
});

it('the table of the entry for old devices is the same with three rows more, and has no dead end', () => {
  const protocol = legacyClient12(toyProvider());
  const { WAIT_CERT_12: _, ...rows } = client12.table;
  expect(protocol.table).toMatchObject(rows);
  const more = Object.keys(protocol.table).filter((state) => !(state in client12.table));
  expect(more).toEqual(['WAIT_SHD_RSA_12', 'WAIT_CR_SHD_RSA_12', 'WAIT_LAST_RSA_12']);
  expect(reachable(protocol)).toEqual(Object.keys(protocol.table).sort());
});

function reachable(protocol: AnyProtocol): string[] {
  const reached = new Set([Object.keys(protocol.table)[0]!]);
  for (const state of reached)
    for (const edge of Object.values(protocol.table[state] ?? {})) for (const to of edge.to) reached.add(to);
  return [...reached].sort();
}

const TYPES: readonly number[] = [...new Set<number>(Object.values(HANDSHAKE_TYPE))]
  .filter((type) => type >= 0)
  .concat(3, 99, 254);

describe.each(protocols)('$role of $version', ({ role, table }) => {
  const states = Object.keys(table);
  const cases = Object.entries(table).flatMap(([state, row]) => {
    const taken = new Set(Object.keys(row).map((name) => HANDSHAKE_TYPE[name as ArrivalName] as number));
    return TYPES.filter((type) => !taken.has(type)).map((type) => ({ state, type }));
  });

  it.each(cases)('$state refuses handshake type $type', ({ state, type }) => {
    const middle = reach12(role, state);
    middle.inject(message(type, Uint8Array.of(0, 0)));
    const again = role === 'server' && state === 'CONNECTED_12' && type === 1;
    expect(failureOf(middle)).toMatchObject(
      again ? { code: 'ERR_RENEGOTIATION', alert: 100 } : { code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
    );
    expect(middle.target.status).toBe('failed');
  });

  it.each(states.filter((state) => table[state]?.ChangeCipherSpec === undefined))(
    '%s refuses a ChangeCipherSpec',
    (state) => {
      const middle = reach12(role, state);
      middle.target.receive(Uint8Array.of(20, 3, 3, 0, 1, 1));
      middle.settle();
      expect(failureOf(middle)).toMatchObject({ code: 'ERR_BAD_CCS', alert: 10 });
    },
  );

  // RFC 5246 ¶7.3-3
  it.each(states.filter((state) => state !== 'CONNECTED_12'))('%s refuses application data', (state) => {
    const middle = reach12(role, state);
    middle.target.receive(middle.record(23, Uint8Array.of(1)));
    middle.settle();
    expect(failureOf(middle)).toMatchObject({ code: 'ERR_UNEXPECTED_RECORD', alert: 10 });
  });

  it.each(['WAIT_CCS_12', 'WAIT_CCS_RESUMED_12'])(
    '%s refuses handshake bytes that belong to no whole message',
    (state) => {
      const middle = reach12(role, state);
      middle.target.receive(middle.record(22, Uint8Array.of(20, 0, 0)));
      middle.target.receive(middle.record(20, Uint8Array.of(1)));
      middle.settle();
      expect(failureOf(middle)).toMatchObject({ code: 'ERR_INTERLEAVED', alert: 10 });
    },
  );

  it.each(['WAIT_FINISHED_12', 'WAIT_FINISHED_RESUMED_12'])('%s refuses one that is not what it has to be', (state) => {
    const middle = reach12(role, state);
    middle.pass(({ raw }) => raw.with(10, raw[10]! ^ 1));
    expect(failureOf(middle)).toMatchObject({ code: 'ERR_BAD_FINISHED', alert: 51 });
  });
});

describe('another handshake', () => {
  // RFC 9846 §4.2.2-4, §4.2.2-5
  it('is declined with a warning by a client, four times; then it is enough', () => {
    const middle = reach12('client', 'CONNECTED_12');
    for (let i = 0; i < 4; i++) middle.inject(message(0));
    expect(middle.target.status).toBe('open');
    expect(failureOf(middle)).toBeUndefined();
    middle.inject(message(0));
    expect(failureOf(middle)).toMatchObject({ code: 'ERR_RENEGOTIATION' });
  });

  it('ends the connection where the client was told so', () => {
    const middle = reach12('client', 'CONNECTED_12', { helloRequest: 'refuse' });
    middle.inject(message(0));
    expect(failureOf(middle)).toMatchObject({ code: 'ERR_RENEGOTIATION', alert: 100 });
    expect(middle.target.status).toBe('failed');
  });
});

function failureOf(middle: Middle): unknown {
  for (const step of middle.said) if (step.type === 'failed') return step.error;
  return undefined;
}

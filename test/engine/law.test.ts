import { describe, expect, it } from 'vitest';
import type { AeadKey, CryptoProvider } from '../../src/crypto/types.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import type { AnyProtocol } from '../../src/handshake/config.ts';
import { type ArrivalName, HANDSHAKE_TYPE } from '../../src/handshake/machine.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { Middle, message } from '../support/middle.ts';
import { reach13 } from '../support/states.ts';
import { toyProvider } from '../support/toy.ts';

/** The tables are the law: what they do not list is refused, in every state, from either side. */

/** RFC 9846 appendix A, typed from its figures: the messages that each state takes. */
const RFC_CLIENT = {
  WAIT_SH: ['HelloRetryRequest', 'ServerHello13'],
  WAIT_SH_RETRIED: ['ServerHello13'],
  WAIT_EE: ['EncryptedExtensions'],
  WAIT_CERT_CR: ['CertificateRequest', 'Certificate'],
  WAIT_CERT: ['Certificate'],
  WAIT_CV: ['CertificateVerify'],
  WAIT_FINISHED: ['Finished'],
  CONNECTED: ['NewSessionTicket', 'KeyUpdate', 'CertificateRequest'],
};
const RFC_SERVER = {
  START: ['ClientHello13'],
  START_RETRIED: ['ClientHello13'],
  WAIT_EOED: ['EndOfEarlyData'],
  WAIT_CERT: ['Certificate'],
  WAIT_CV: ['CertificateVerify'],
  WAIT_FINISHED: ['Finished'],
  CONNECTED: ['KeyUpdate', 'Certificate'],
  POST_HANDSHAKE_WAIT_CV: ['CertificateVerify'],
  POST_HANDSHAKE_WAIT_FINISHED: ['Finished'],
};

/** RFC 9846 section 5.1: the messages that come right before a change of keys. */
const REKEYING = ['ClientHello13', 'HelloRetryRequest', 'ServerHello13', 'EndOfEarlyData', 'Finished', 'KeyUpdate'];

const protocols: readonly (readonly [AnyProtocol, { readonly [state: string]: readonly string[] }])[] = [
  [client13, RFC_CLIENT],
  [server13, RFC_SERVER],
];

describe.each(protocols)('the table of $role and $version', (protocol, rfc) => {
  // RFC 9846 §4.4.2-1
  it('says what the RFC says', () => {
    const rows = Object.fromEntries(Object.entries(protocol.table).map(([state, row]) => [state, Object.keys(row)]));
    expect(rows).toEqual(rfc);
  });

  it('marks each message that comes before a change of keys', () => {
    for (const row of Object.values(protocol.table)) {
      for (const [name, edge] of Object.entries(row)) {
        // The Finished of post-handshake authentication changes no keys.
        const expected = REKEYING.includes(name) && !edge.to.includes('CONNECTED') ? true : undefined;
        if (!edge.to.includes('CONNECTED')) expect(edge.rekeysRead, name).toBe(expected);
      }
    }
    expect(protocol.table.CONNECTED?.KeyUpdate?.rekeysRead).toBe(true);
    expect(protocol.table.WAIT_FINISHED?.Finished?.rekeysRead).toBe(true);
  });

  it('leads from its start to every state, and only to states that have a row', () => {
    const reached = new Set([Object.keys(protocol.table)[0]!]);
    for (const state of reached) {
      for (const edge of Object.values(protocol.table[state] ?? {})) for (const to of edge.to) reached.add(to);
    }
    if (protocol.role === 'server') reached.add('POST_HANDSHAKE_WAIT_CV').add('POST_HANDSHAKE_WAIT_FINISHED');
    expect([...reached].sort()).toEqual(Object.keys(protocol.table).sort());
  });
});

const TYPES: readonly number[] = [...new Set<number>(Object.values(HANDSHAKE_TYPE))]
  .filter((type) => type >= 0)
  .concat(3, 99, 254);

describe.each(protocols)('$role of $version', ({ role, table }) => {
  const cases = Object.entries(table).flatMap(([state, row]) => {
    const taken = new Set(Object.keys(row).map((name) => HANDSHAKE_TYPE[name as ArrivalName] as number));
    return TYPES.filter((type) => !taken.has(type)).map((type) => ({ state, type }));
  });

  it.each(cases)('$state refuses handshake type $type', ({ state, type }) => {
    const keys = new Set<AeadKey>();
    const middle = reach13(role, state, counting(keys));
    expect(middle.target.state).toBe(state);
    middle.inject(message(type, Uint8Array.of(0, 0)));
    expect(failureOf(middle)).toMatchObject({ code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 });
    expect(middle.said.filter((step) => step.type === 'write').length).toBeGreaterThan(0);
    expect(middle.target.status).toBe('failed');
    expect(keys.size, 'AEAD keys that were not disposed of').toBe(0);
  });

  it.each(
    Object.entries(table).flatMap(([state, row]) =>
      Object.entries(row).flatMap(([name, edge]) => (edge.rekeysRead ? [{ state, name }] : [])),
    ),
  )('$state refuses bytes behind $name, which changes the keys', ({ state, name }) => {
    const middle = reach13(role, state);
    const arrival = middle.next;
    const type = HANDSHAKE_TYPE[name as ArrivalName];
    const raw = arrival?.type === type ? arrival.raw : message(24, Uint8Array.of(0));
    if (name === 'HelloRetryRequest') return;
    middle.inject(Uint8Array.from([...raw, 0]));
    expect(failureOf(middle)).toMatchObject({ code: 'ERR_LEFTOVER_BYTES', alert: 10 });
  });
});

describe('application data, alerts and ChangeCipherSpec where they may not be', () => {
  it.each(['WAIT_EE', 'WAIT_CV', 'WAIT_FINISHED'])('a client in %s takes no application data', (state) => {
    const middle = reach13('client', state);
    middle.target.receive(middle.record(23, Uint8Array.of(1)));
    middle.settle();
    expect(failureOf(middle)).toMatchObject({ code: 'ERR_UNEXPECTED_RECORD', alert: 10 });
  });

  it('another record in the middle of a message', () => {
    const middle = reach13('client', 'WAIT_EE');
    middle.target.receive(middle.record(22, middle.next!.raw.subarray(0, 3)));
    middle.target.receive(middle.record(21, Uint8Array.of(1, 90)));
    middle.settle();
    expect(failureOf(middle)).toMatchObject({ code: 'ERR_INTERLEAVED', alert: 10 });
  });

  it('a second HelloRetryRequest', () => {
    const middle = new Middle('client', { keyShares: [] });
    const retry = middle.next!.raw;
    middle.until('WAIT_SH_RETRIED');
    middle.inject(retry);
    expect(failureOf(middle)).toMatchObject({ code: 'ERR_SECOND_RETRY', alert: 10 });
  });
});

function failureOf(middle: Middle): unknown {
  for (const step of middle.said) if (step.type === 'failed') return step.error;
  return undefined;
}

/** A provider that remembers which keys are alive. */
function counting(alive: Set<AeadKey>): CryptoProvider {
  const provider = toyProvider(9);
  return {
    ...provider,
    suites: provider.suites.map((suite) => ({
      ...suite,
      aead: {
        ...suite.aead,
        key: (bytes) => {
          const key = suite.aead.key(bytes);
          alive.add(key);
          return {
            ...key,
            dispose: () => {
              alive.delete(key);
              key.dispose();
            },
          };
        },
      },
    })),
  };
}

import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/bytes.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { decode, encode } from '../../src/wire/codec.ts';
import { writeExtension } from '../../src/wire/extension.ts';
import { supportedVersions } from '../../src/wire/extensions/supported-versions.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';
import { ClientHello, DOWNGRADE_TLS12 } from '../../src/wire/hello.ts';
import { type ClientParts, makePair, run, type ServerParts } from '../support/pair.ts';

/** Two versions in one engine: the best that both have, and no attacker in between changes that. */

const CLIENTS = { '1.2': [client12], '1.3': [client13], both: [client12, client13] } as const;
const SERVERS = { '1.2': [server12], '1.3': [server13], both: [server12, server13] } as const;

type Range = keyof typeof CLIENTS;
type Tamper = Parameters<typeof run>[1];

const shake = (
  client: Range,
  server: Range,
  tamper?: Tamper,
  parts: { client?: ClientParts; server?: ServerParts } = {},
) => {
  const pair = makePair(
    { protocols: CLIENTS[client], ...parts.client },
    { protocols: SERVERS[server], ...parts.server },
  );
  const steps = run(pair, tamper);
  const failure = (side: 'client' | 'server'): unknown =>
    steps[side].flatMap((step) => (step.type === 'failed' ? [step.error] : []))[0];
  return { ...pair, steps, failure };
};

describe('two ranges of versions', () => {
  it.each([
    ['both', 'both', 'TLSv1.3'],
    ['both', '1.3', 'TLSv1.3'],
    ['1.3', 'both', 'TLSv1.3'],
    ['both', '1.2', 'TLSv1.2'],
    ['1.2', 'both', 'TLSv1.2'],
    ['1.2', '1.2', 'TLSv1.2'],
  ] as const)('a client with %s and a server with %s', (client, server, version) => {
    const pair = shake(client, server);
    expect([pair.client.status, pair.server.status]).toEqual(['open', 'open']);
    expect([pair.client.info.version, pair.server.info.version]).toEqual([version, version]);
    pair.client.send(Uint8Array.of(1, 2, 3));
    expect(run(pair).server).toContainEqual({ type: 'data', bytes: Uint8Array.of(1, 2, 3) });
    expect(pair.client.exportKey('EXPORTER-x', Uint8Array.of(1), 40)).toEqual(
      pair.server.exportKey('EXPORTER-x', Uint8Array.of(1), 40),
    );
  });

  it.each([
    ['1.3', '1.2'],
    ['1.2', '1.3'],
  ] as const)('a client with %s and a server with %s have nothing in common', (client, server) => {
    const { failure } = shake(client, server);
    expect(failure('server')).toMatchObject({ code: 'ERR_VERSION', alert: 70 });
    expect(failure('client')).toMatchObject({ code: 'ERR_ALERT_RECEIVED', alertReceived: 70 });
  });

  it('a version of which no suite is named is not spoken', () => {
    const pair = shake('both', 'both', undefined, { client: { suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] } });
    expect(pair.client.info.version).toBe('TLSv1.2');
  });
});

describe('an attacker who lowers the version', () => {
  /** Takes TLS 1.3 out of what the client offers. */
  const hide: Tamper = (bytes, from) => (from === 'client' && bytes[5] === 1 ? [withoutTls13(bytes)] : [bytes]);

  it('is seen by the client in the last bytes of the random (RFC 9846 section 4.2.3)', () => {
    const { failure, steps } = shake('both', 'both', hide);
    expect(failure('client')).toMatchObject({ code: 'ERR_DOWNGRADE', alert: 47 });
    expect(failure('server')).toMatchObject({ code: 'ERR_ALERT_RECEIVED', alertReceived: 47 });
    expect(steps.client.some((step) => step.type === 'established')).toBe(false);
  });

  it('cannot take those bytes away: they are signed', () => {
    const erase: Tamper = (bytes, from) => {
      if (from === 'client') return hide(bytes, from);
      if (bytes[5] !== 2) return [bytes];
      const changed = bytes.slice();
      expect(equalBytes(changed.subarray(35, 43), DOWNGRADE_TLS12)).toBe(true);
      changed.fill(7, 35, 43);
      return [changed];
    };
    expect(shake('both', 'both', erase).failure('client')).toMatchObject({ code: 'ERR_BAD_SIGNATURE', alert: 51 });
  });

  it('a server that knows TLS 1.2 only leaves no such mark', () => {
    let random: Uint8Array | undefined;
    const look: Tamper = (bytes, from) => {
      if (from === 'server' && bytes[5] === 2) random = bytes.subarray(35, 43);
      return [bytes];
    };
    expect(shake('both', '1.2', look).client.status).toBe('open');
    expect(equalBytes(random!, DOWNGRADE_TLS12)).toBe(false);
  });

  it('a client that falls back without need is refused (RFC 7507)', () => {
    const { failure } = shake('1.2', 'both', undefined, { client: { fallback: true } });
    expect(failure('server')).toMatchObject({ code: 'ERR_INAPPROPRIATE_FALLBACK', alert: 86 });
    expect(shake('1.2', '1.2', undefined, { client: { fallback: true } }).client.status).toBe('open');
  });
});

describe('extended_master_secret (RFC 7627)', () => {
  const without: Tamper = (bytes, from) =>
    from === 'client' && bytes[5] === 1 ? [changed(bytes, (list) => list.filter(({ type }) => type !== 23))] : [bytes];

  it('is demanded by a server that was told so', () => {
    const strict = { server: { requireExtendedMasterSecret: true } };
    expect(shake('1.2', '1.2', without, strict).failure('server')).toMatchObject({
      code: 'ERR_EXTENDED_MASTER_SECRET',
      alert: 40,
    });
  });

  it('is demanded by a client that was told so', () => {
    const { failure } = shake('1.2', '1.2', without, { client: { requireExtendedMasterSecret: true } });
    expect(failure('client')).toMatchObject({ code: 'ERR_EXTENDED_MASTER_SECRET', alert: 40 });
  });

  it('cannot be taken away where both would do without: the handshake is not the same on both sides', () => {
    const { failure } = shake('1.2', '1.2', without);
    expect(failure('server')).toMatchObject({ code: 'ERR_BAD_FINISHED', alert: 51 });
  });
});

describe('renegotiation_info (RFC 5746)', () => {
  it('that is not empty is refused by a server', () => {
    const filled: Tamper = (bytes, from) =>
      from === 'client' && bytes[5] === 1
        ? [
            changed(bytes, (list) =>
              list.map((one) => (one.type === 0xff01 ? { ...one, data: Uint8Array.of(1, 9) } : one)),
            ),
          ]
        : [bytes];
    expect(shake('1.2', '1.2', filled).failure('server')).toMatchObject({ code: 'ERR_RENEGOTIATION_INFO', alert: 40 });
  });

  const missing: Tamper = (bytes, from) =>
    from === 'client' && bytes[5] === 1
      ? [changed(bytes, (list) => list.filter(({ type }) => type !== 0xff01))]
      : [bytes];

  it('that is missing is let pass by a client that was told so, which then sees that it was taken away', () => {
    const { failure } = shake('1.2', '1.2', missing, { client: { requireRenegotiationInfo: false } });
    expect(failure('server')).toMatchObject({ code: 'ERR_BAD_RECORD_MAC', alert: 20 });
  });

  it('that is not empty is refused by such a client too', () => {
    const filled: Tamper = (bytes, from) => {
      const at = bytes.findIndex((_, i) => [0xff, 0x01, 0, 1, 0].every((byte, j) => bytes[i + j] === byte));
      if (from === 'client' || at < 0) return [bytes];
      const more = [...bytes.subarray(0, at + 3), 2, 1, 9, ...bytes.subarray(at + 5)];
      // One byte more, in the lengths of record, message and extensions.
      more[4] = more[4]! + 1;
      more[8] = more[8]! + 1;
      const list = 5 + 4 + 34 + 1 + more[43]! + 3;
      more[list + 1] = more[list + 1]! + 1;
      return [Uint8Array.from(more)];
    };
    const { failure } = shake('1.2', '1.2', filled, { client: { requireRenegotiationInfo: false } });
    expect(failure('client')).toMatchObject({ code: 'ERR_RENEGOTIATION_INFO', alert: 40 });
  });

  it('that is missing is refused by a client', () => {
    expect(shake('1.2', '1.2', missing).failure('client')).toMatchObject({ code: 'ERR_RENEGOTIATION_INFO', alert: 40 });
  });
});

type Extensions = ClientHello['extensions'];

/** The ClientHello in this record, with other extensions. */
function changed(record: Uint8Array, change: (list: Extensions) => Extensions): Uint8Array {
  const hello = decode(ClientHello, record.subarray(9));
  const message = encodeHandshake(1, encode(ClientHello, { ...hello, extensions: change(hello.extensions) }));
  return Uint8Array.from([22, 3, 1, message.length >> 8, message.length & 255, ...message]);
}

function withoutTls13(record: Uint8Array): Uint8Array {
  return changed(record, (list) =>
    list.map((one) =>
      one.type === supportedVersions.id ? writeExtension(supportedVersions, 'ClientHello', [0x0303]) : one,
    ),
  );
}

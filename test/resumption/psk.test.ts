import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/bytes.ts';
import type { TlsError } from '../../src/errors.ts';
import type { ExternalPsk } from '../../src/handshake/session.ts';
import { importedPsks, importPsk } from '../../src/resumption/psk.ts';
import { type ClientParts, makePair, type Pair, run, type ServerParts } from '../support/pair.ts';
import { ends, talk } from '../support/sessions.ts';
import { noble } from '../support/credentials.ts';
import { toyCredential, toyProvider, toyVerifier } from '../support/toy.ts';

/** Keys that both sides were given otherwise. */

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const key = (fill: number, more: Partial<ExternalPsk> = {}): ExternalPsk => ({
  identity: bytes(`key ${fill}`),
  secret: new Uint8Array(32).fill(fill),
  ...more,
});

describe('an external key', () => {
  it('stands in for certificates on both sides', () => {
    const { client, server } = talk(...both({ psks: [key(1)] }, { psks: [key(1)] }));
    for (const { info } of [client, server]) {
      expect(info.psk).toEqual({ identity: key(1).identity });
      expect(info.peer).toBeUndefined();
      expect(info.resumed).toBe(false);
      expect(info.authenticated ?? false).toBe(false);
      expect(info.group).toBeDefined();
    }
    expect(client.exportKey('EXPORTER-x', undefined, 16)).toEqual(server.exportKey('EXPORTER-x', undefined, 16));
  });

  it('is chosen among several, by whom a function asks', () => {
    const asked: string[] = [];
    const psks = (identity: Uint8Array): ExternalPsk | undefined => {
      asked.push(String.fromCharCode(...identity));
      return asked.length === 2 ? key(2) : undefined;
    };
    const { client } = talk(...both({ psks: [key(1), key(2), key(3)] }, { psks }));
    expect(client.info.psk?.identity).toEqual(key(2).identity);
    expect(asked).toEqual(['key 1', 'key 2']);
  });

  it('is looked up a few times only, however many are named', () => {
    let asked = 0;
    const psks = (): undefined => {
      asked++;
    };
    const many = Array.from({ length: 30 }, (_, index) => key(index));
    const { client } = talk(...both({ psks: many }, { psks }));
    expect(client.info.psk).toBeUndefined();
    expect(asked).toBe(4);
  });

  // RFC 9846 §4.3.11-3
  it('decides about the suite, because it belongs to a hash', () => {
    const psk = key(1, { hash: 'sha384' });
    const { client } = talk(...both({ psks: [psk] }, { psks: [psk] }));
    expect(client.info.suite?.name).toBe('TLS_AES_256_GCM_SHA384');
    expect(client.info.psk).toBeDefined();
  });

  it('after HelloRetryRequest', () => {
    const { client } = talk(...both({ psks: [key(1)], keyShares: [] }, { psks: [key(1)], retryCookie: true }));
    expect(client.info).toMatchObject({ retried: true, psk: { identity: key(1).identity } });
  });

  it('that the server does not know costs nothing: there are certificates', () => {
    const { client } = talk(...both({ psks: [key(1)] }, { psks: [key(2)] }));
    expect(client.info.psk).toBeUndefined();
    expect(client.info.peer?.verdict.ok).toBe(true);
  });

  it('that is another under the same identity ends it', () => {
    const wrong = { ...key(1), secret: new Uint8Array(32).fill(9) };
    expect(failure({ psks: [wrong] }, { psks: [key(1)] })).toMatchObject({ code: 'ERR_BAD_BINDER', alert: 51 });
  });

  // RFC 9846 §4.4.2-7, §F.1-1
  it('is not a way around a certificate that is required', () => {
    const { server } = talk(
      ...both(
        { psks: [key(1)], credential: toyCredential },
        { psks: [key(1)], clientAuth: 'require', verifier: toyVerifier },
      ),
    );
    expect(server.info.psk).toBeUndefined();
    expect(server.info.peer?.verdict.ok).toBe(true);
  });

  it('brings no tickets: they would say less than the key', () => {
    const { connect, sessions } = ends({ psks: [key(1)] }, { psks: [key(1)] });
    const first = connect();
    expect(first.client.info.psk).toBeDefined();
    expect(connect().client.info.resumed).toBe(false);
    expect(sessions).toBeDefined();
  });

  // RFC 9846 §4.3.8-11
  it('alone, without key exchange, only where both want it and nothing better is possible', () => {
    const groups = { client: ['X25519'], server: ['secp256r1'] };
    const alone = (client: boolean, server: boolean): readonly [ClientParts, ServerParts] => [
      { psks: [key(1)], groups: groups.client, pskOnly: client },
      { psks: [key(1)], groups: groups.server, pskOnly: server },
    ];
    const { client, server } = talk(...both(...alone(true, true)));
    expect(client.info.psk).toBeDefined();
    expect(client.info.group).toBeUndefined();
    expect(client.exportKey('EXPORTER-x', undefined, 16)).toEqual(server.exportKey('EXPORTER-x', undefined, 16));
    expect(failure(...alone(true, false))).toMatchObject({ code: 'ERR_NO_SHARED_GROUP' });
    expect(failure(...alone(false, true))).toMatchObject({ code: 'ERR_NO_SHARED_GROUP' });
  });

  it.each<[string, ExternalPsk]>([
    ['no identity', { identity: new Uint8Array(0), secret: new Uint8Array(32) }],
    ['a key of 15 bytes', { identity: bytes('x'), secret: new Uint8Array(15) }],
    ['another hash', { identity: bytes('x'), secret: new Uint8Array(32), hash: 'md5' as 'sha256' }],
  ])('with %s is refused', (_what, psk) => {
    expect(() => both({ psks: [psk] })).toThrow(/ERR_OPTION/);
    expect(() => both({}, { psks: [psk] })).toThrow(/ERR_OPTION/);
  });
});

describe('an imported key', () => {
  const given = { identity: bytes('a device'), secret: new Uint8Array(32).fill(5), context: bytes('room 1') };

  it('has a name for each hash, as RFC 9258 writes it', () => {
    const [first, second] = importPsk(given, noble);
    expect(toHex(first!.identity)).toBe(`0008${toHex(given.identity)}0006${toHex(given.context)}03040001`);
    expect(toHex(second!.identity).slice(-8)).toBe('03040002');
    expect([first!.secret.length, second!.secret.length]).toEqual([32, 48]);
    expect(first).toMatchObject({ hash: 'sha256', imported: true });
    // HKDF-Expand-Label(HKDF-Extract(0, key), "derived psk", Hash(identity), L), computed with another program.
    expect(toHex(first!.secret)).toBe(DERIVED.sha256);
    expect(toHex(second!.secret)).toBe(DERIVED.sha384);
  });

  it('is found by its external identity and context', () => {
    const asked: string[] = [];
    const find = (identity: Uint8Array, context: Uint8Array) => {
      asked.push(`${String.fromCharCode(...identity)} in ${String.fromCharCode(...context)}`);
      return given;
    };
    const crypto = toyProvider(4);
    for (const psks of [importedPsks(find, crypto), importedPsks(async (...of) => find(...of), crypto)]) {
      const [client, server] = both({ psks: importPsk(given, crypto) }, { psks });
      if (asked.length === 0) {
        talk(client, server);
        expect(client.info.psk).toBeDefined();
      } else {
        expect(psks(importPsk(given, crypto)[0]!.identity)).toBeInstanceOf(Promise);
      }
    }
    expect(new Set(asked)).toEqual(new Set(['a device in room 1']));
  });

  it('is not the key it was made of, nor taken for one', () => {
    const crypto = toyProvider(4);
    const [imported] = importPsk(given, crypto);
    const plain = { identity: imported!.identity, secret: imported!.secret };
    // The binder has a label of its own, so neither can be used as the other.
    expect(failure({ psks: [imported!] }, { psks: [plain] })).toMatchObject({ code: 'ERR_BAD_BINDER' });
    expect(failure({ psks: [plain] }, { psks: [imported!] })).toMatchObject({ code: 'ERR_BAD_BINDER' });
  });

  it('in another context is another key', () => {
    const crypto = toyProvider(4);
    const elsewhere = importPsk({ ...given, context: bytes('room 2') }, crypto);
    const here = importedPsks(
      (_identity, context) => (toHex(context) === toHex(given.context) ? given : undefined),
      crypto,
    );
    const { client } = talk(...both({ psks: elsewhere }, { psks: here }));
    expect(client.info.psk).toBeUndefined();
  });

  it.each(['', '00', '0001', '0001610000030400', '000161000003040003', '00016100000304000100', '00016100000303 0001'])(
    'an identity that is none: %s',
    (hex) => {
      const resolve = importedPsks(() => {
        throw new Error('it should not be asked');
      }, noble);
      expect(resolve(fromHex(hex.replaceAll(' ', '')))).toBeUndefined();
    },
  );
});

const DERIVED = {
  sha256: '5eb04008d88667ef59232cdc400647b9d717d8be25b86a79819b26fbac4463ae',
  sha384: 'e13b7f256b80e0b0dd1874642d8fa19366384486f2ad5b180d1d5149d000abd49c33b7535f43e936cacf7d83702c2be1',
};

function both(client: ClientParts = {}, server: ServerParts = {}): [Pair['client'], Pair['server']] {
  const pair = makePair(client, server);
  return [pair.client, pair.server];
}

function failure(client: ClientParts, server: ServerParts): TlsError | undefined {
  const steps = run(makePair(client, server));
  return steps.server.flatMap((step) => (step.type === 'failed' ? [step.error] : []))[0];
}

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { conceal, describedAs } from '../../src/bytes/conceal.ts';
import { fromHex, toBase64Url, toHex } from '../../src/bytes/bytes.ts';
import { nobleSigner } from '../../src/crypto/noble/signatures.ts';
import { copyKey, wipeKey } from '../../src/crypto/private-key.ts';
import type { PrivateKey } from '../../src/crypto/types.ts';
import type { EngineEvent } from '../../src/engine/event.ts';
import type { ClientSession } from '../../src/handshake/session.ts';
import { readBundle } from '../../src/pki/formats/bundle.ts';
import { privateKeyFromJwk, privateKeyToJwk } from '../../src/pki/formats/jwk.ts';
import { privateKeyFromDer, privateKeyFromPem, readPrivateKey } from '../../src/pki/formats/private-key.ts';
import { readPem } from '../../src/pki/x509/pem.ts';
import { loadCredential } from '../../src/pki/credentials/credential.ts';
import { importedPsks, importPsk } from '../../src/resumption/psk.ts';
import { memorySessions } from '../../src/resumption/stores.ts';
import { ticketSealer } from '../../src/resumption/tickets.ts';
import { noble } from '../support/credentials.ts';
import { Middle } from '../support/middle.ts';
import { makeClient, makeServer, run } from '../support/pair.ts';
import { ends } from '../support/sessions.ts';
import { serverEntry } from '../support/pki.ts';

/** What a program prints by accident says what the thing is, and holds no secret, in whatever way it is printed. */

const KINDS = ['ecdsa-p256', 'ecdsa-p521', 'ed25519', 'rsa-2048', 'rsa-pss'] as const;

/** Every usual way of printing an object. */
function printed(value: unknown): string {
  const ways = [
    inspect(value, { depth: 20, showHidden: true, maxArrayLength: null }),
    inspect({ nested: [value] }, { depth: 20, showHidden: true, maxArrayLength: null }),
    inspect(value, { depth: 20, customInspect: false, showHidden: true, maxArrayLength: null, getters: false }),
    String(JSON.stringify(value)),
    JSON.stringify({ nested: [value] }),
    inspect(typeof value === 'object' && value !== null ? { ...value } : value, { depth: 20, maxArrayLength: null }),
  ];
  return ways.join('\n').replaceAll(/\s+/g, '');
}

/** The secret does not show, in any of the forms in which bytes are printed. */
function expectHidden(value: unknown, ...secrets: readonly Uint8Array[]): void {
  const text = printed(value);
  for (const secret of secrets) {
    // A few bytes in a row are enough to be told from chance, and few enough to be found where a line is broken.
    const start = secret.subarray(0, 6);
    const forms = [
      Array.from(start).join(),
      Array.from(start, (byte, index) => `"${index}":${byte}`).join(),
      toHex(start),
      Array.from(start, (byte) => byte.toString(16).padStart(2, '0')).join(''),
      toBase64Url(start),
    ];
    for (const form of forms) expect(text.includes(form), `${form} in ${text.slice(0, 300)}`).toBe(false);
  }
}

function secretsOf(key: PrivateKey): readonly Uint8Array[] {
  if (key.kind === 'ec') return [key.scalar];
  if (key.kind !== 'rsa') return [key.seed];
  return [key.privateExponent, key.prime1, key.prime2, key.exponent1, key.exponent2, key.coefficient];
}

describe('private keys', () => {
  it.each(KINDS)('%s, from every form', async (kind) => {
    const entry = serverEntry(kind);
    const [block] = readPem(entry.key);
    const key = privateKeyFromPem(entry.key);
    const secrets = secretsOf(key);
    expect(secrets.every((secret) => secret.length >= 32 && secret.some((byte) => byte !== 0))).toBe(true);
    const signer = nobleSigner(key, noble.random);
    const things: unknown[] = [
      key,
      privateKeyFromDer(block!.der),
      readPrivateKey(block!.der),
      copyKey(key),
      signer,
      await noble.signer(key),
      await loadCredential({ certificates: entry.chain.join('\n'), privateKey: key }, noble),
      (await readBundle(entry.key, {})).keys,
    ];
    if (kind !== 'rsa-pss') things.push(privateKeyFromJwk(privateKeyToJwk(key, signer.publicKey)));
    for (const thing of things) expectHidden(thing, ...secrets);
    expect(inspect(key)).toMatch(/^PrivateKey \{ .+ \}$/);
  });

  it('are copied and wiped whole, though their secrets are not listed', () => {
    for (const kind of KINDS) {
      const key = privateKeyFromPem(serverEntry(kind).key);
      const copy = copyKey(key);
      expect(secretsOf(copy)).toEqual(secretsOf(key));
      wipeKey(copy);
      for (const secret of secretsOf(copy)) expect(secret.every((byte) => byte === 0)).toBe(true);
      expect(secretsOf(key).every((secret) => secret.some((byte) => byte !== 0))).toBe(true);
    }
  });
});

const secret = Uint8Array.from({ length: 32 }, (_, index) => 201 + index);

describe('keys that both sides were given', () => {
  const given = { identity: Uint8Array.of(1, 2, 3), secret };

  it('imported, looked up, and as options of an engine', async () => {
    const imported = importPsk(given, noble);
    for (const psk of imported) {
      expectHidden(psk, psk.secret);
      const found = await importedPsks(() => given, noble)(psk.identity);
      expect(found?.secret).toEqual(psk.secret);
      expectHidden(found, psk.secret);
    }
    const [client, server] = [makeClient({ psks: imported }), makeServer({ psks: [given] })];
    for (const engine of [client, server]) {
      expectHidden(engine, secret, ...imported.map((psk) => psk.secret));
      expectHidden(engine.config, secret, ...imported.map((psk) => psk.secret));
    }
    expect(inspect(imported[0])).toBe('ExternalPsk { 11 bytes of identity }');
    run({ client, server: makeServer({ psks: importedPsks(() => given, noble) }) });
    expect(client.info.psk).toBeDefined();
  });
});

describe('engines, sessions, tickets and what is asked', () => {
  it('before, during and after a handshake', () => {
    const { client, server, sessions, tickets } = recorded();
    const seen = sessions.flatMap(({ secret: one }) => [one]);
    expect(seen.length).toBeGreaterThan(0);
    const exported = client.exportKey('EXPORTER-x', undefined, 32);
    for (const engine of [client, server]) expectHidden(engine, exported, ...seen);
    expect(inspect(client)).toBe('Engine { client, open, TLSv1.3, TLS_AES_128_GCM_SHA256 }');
    expect(inspect(makeClient())).toBe('Engine { client, fresh }');
    expectHidden(ticketSealer({ crypto: noble, secrets: [secret] }), secret);
    const store = memorySessions();
    store.put('a', sessions[0]!);
    expectHidden(store, ...seen);
    const again = store.take('a') as ClientSession;
    for (const session of [sessions[0]!, again]) {
      // Plain data, for stores that write it down; only what prints it is told no more than what it is.
      expect(inspect({ session }, { depth: 9 })).toBe('{ session: ClientSession { TLSv1.3, 7200 s } }');
      expect({ ...session }.secret).toEqual(session.secret);
    }
    expect(tickets.length).toBeGreaterThan(0);
    for (const request of tickets)
      expect(inspect(request)).toMatch(/^\{ type: 'request', request: Request \{ \w+ \} \}$/);
  });

  /** A connection, every request of both engines, and the sessions that the client was given. */
  function recorded() {
    const sessions: ClientSession[] = [];
    const store = { take: () => undefined, put: (_: string, session: ClientSession) => void sessions.push(session) };
    const all = ends({ sessions: store });
    const [client, server] = [all.client(), all.server()];
    const tickets: EngineEvent[] = [];
    for (const engine of [client, server]) {
      engine.start();
      const next = engine.next.bind(engine);
      engine.next = () => {
        const event = next();
        if (event.type === 'request') tickets.push(event);
        return event;
      };
    }
    run({ client, server });
    return { client, server, sessions, tickets };
  }
});

describe('errors', () => {
  it.each([
    ['a record that does not open', (record: Uint8Array) => record.with(record.length - 1, record.at(-1)! ^ 1)],
    ['a message that is none', () => undefined],
  ])('hold no secret and no plaintext: %s', (_, change) => {
    for (const role of ['client', 'server'] as const) {
      const secrets: Uint8Array[] = [];
      const keyLog = (line: string): void => void secrets.push(fromHex(line.split(' ')[2]!));
      const middle = new Middle(role, { keyLog }, { keyLog }).until('CONNECTED');
      const plaintext = Uint8Array.from({ length: 64 }, (_byte, index) => 100 + index);
      const record = middle.record(23, plaintext);
      middle.target.receive(change(record) ?? middle.record(22, Uint8Array.of(99, 0, 0, 64, ...plaintext)));
      middle.settle();
      const failed = middle.said.find(({ type }) => type === 'failed') as { readonly error: Error } | undefined;
      expect(failed).toBeDefined();
      expect(secrets.length).toBeGreaterThan(0);
      for (const thing of [failed!.error, failed!.error.message, failed!.error.stack, middle.target])
        expectHidden(thing, plaintext, ...secrets);
    }
  });
});

describe('what is concealed', () => {
  it('is read by its name and listed by nothing', () => {
    const thing = conceal(
      { name: 'n', secret, none: undefined as Uint8Array | undefined },
      ['secret', 'none'],
      () => 'T',
    );
    expect(thing.secret).toBe(secret);
    expect(thing.none).toBeUndefined();
    expect(Object.keys(thing)).toEqual(['name']);
    expect(JSON.stringify(thing)).toBe('{"name":"n"}');
    expect(inspect([thing])).toBe('[ T ]');
  });

  it('what is only described is otherwise as it was', () => {
    const thing = { secret };
    expect(describedAs(thing, () => 'T')).toBe(thing);
    expect(inspect(thing)).toBe('T');
    expect(Object.keys(thing)).toEqual(['secret']);
  });
});

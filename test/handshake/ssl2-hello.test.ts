import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import { encryptPkcs1 } from '../../src/crypto/rsa.ts';
import type { AeadSuite12 } from '../../src/crypto/types.ts';
import { Engine } from '../../src/engine/engine.ts';
import { serverConfig, type ServerOptions } from '../../src/engine/config/index.ts';
import { TlsError } from '../../src/errors.ts';
import type { TraceEvent } from '../../src/handshake/config.ts';
import { ssl2Hello } from '../../src/handshake/tls12/key-exchange/ssl2-hello.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { drawText, recordLadder } from '../../src/inspect/index.ts';
import { legacyServer12, legacySignatures, legacySuites } from '../../src/legacy.ts';
import { Deframer } from '../../src/record/deframer.ts';
import { Joiner, type Message } from '../../src/record/joiner.ts';
import { Protector12 } from '../../src/record/protect12.ts';
import { MainSecret12 } from '../../src/keys/schedule12.ts';
import { Transcript } from '../../src/keys/transcript.ts';
import { decode, encode } from '../../src/wire/codec.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';
import { ClientHello, DOWNGRADE_TLS12, ServerHello } from '../../src/wire/hello.ts';
import { ClientKeyExchangeRsa } from '../../src/wire/messages12.ts';
import { noble, serverCredential } from '../support/credentials.ts';
import { drain, received, written } from '../support/pair.ts';

/** The hello of SSL 2, for which the rest of SSL 2 does not have to be there. */

const SUITE = 0x009c;
const CHALLENGE = Uint8Array.from({ length: 32 }, (_, i) => i + 1);

interface Parts {
  readonly type?: number;
  readonly version?: number;
  readonly specs?: readonly number[];
  readonly sessionId?: Uint8Array;
  readonly challenge?: Uint8Array;
  readonly more?: Uint8Array;
}

/** RFC 5246 appendix E.2, written from its figure. */
function v2({ type = 1, version = 0x0303, specs = [SUITE], sessionId, challenge = CHALLENGE, more }: Parts = {}) {
  const u16 = (value: number): number[] => [value >> 8, value & 255];
  const id = sessionId ?? new Uint8Array(0);
  const message = [
    type,
    ...u16(version),
    ...u16(specs.length * 3),
    ...u16(id.length),
    ...u16(challenge.length),
    ...specs.flatMap((spec) => [spec >> 16, (spec >> 8) & 255, spec & 255]),
    ...id,
    ...challenge,
    ...(more ?? []),
  ];
  return Uint8Array.from([0x80 | (message.length >> 8), message.length & 255, ...message]);
}

const readHello = (bytes: Uint8Array): ClientHello => decode(ClientHello, ssl2Hello.read(bytes).body);
const sizeOf = (bytes: Uint8Array, length = bytes.length): number | undefined =>
  ssl2Hello.size(length, (index) => {
    if (index >= length) throw new RangeError('not there yet');
    return bytes[index]!;
  });

describe('its size', () => {
  it('is known after four bytes, and not before', () => {
    const hello = v2();
    for (let length = 0; length < 4; length++) expect(sizeOf(hello, length)).toBeUndefined();
    for (let length = 4; length <= hello.length; length++) expect(sizeOf(hello, length)).toBe(hello.length);
  });

  // RFC 5246 ¶E.2-4, ¶E.2-5
  it.each([
    ['a record of TLS', [0x16], 0],
    ['a client that speaks HTTP', [0x47], 0],
    ['another message of SSL 2', [0x80, 46, 2], 0],
    ['SSL 2 itself', [0x80, 46, 1, 0], 0],
  ])('%s is none', (_name, bytes, size) => {
    expect(sizeOf(Uint8Array.from(bytes))).toBe(size);
  });

  it.each([0, 27, 4097, 0x7fff])('%i bytes are refused', (length) => {
    const start = Uint8Array.of(0x80 | (length >> 8), length & 255, 1, 3);
    expect(() => sizeOf(start)).toThrow(expect.objectContaining({ code: 'ERR_DECODE', alert: 50 }));
  });
});

describe('what it says', () => {
  it('is a ClientHello without extensions', () => {
    const bytes = v2({ specs: [0x0700c0, SUITE, 0x010080, 0x0000ff] });
    const { raw, wire, type, body } = ssl2Hello.read(bytes);
    expect(type).toBe(1);
    expect(raw).toEqual(encodeHandshake(1, body));
    // The length is no part of it.
    expect(wire).toEqual(bytes.subarray(2));
    expect(decode(ClientHello, body)).toEqual({
      legacyVersion: 0x0303,
      random: CHALLENGE,
      legacySessionId: new Uint8Array(0),
      cipherSuites: [SUITE, 0x00ff],
      legacyCompressionMethods: Uint8Array.of(0),
      extensions: [],
    });
  });

  it.each([
    [16, 16],
    [31, 1],
    [32, 0],
    [33, 0],
    [48, 0],
  ])('a challenge of %i bytes has %i zeros before it', (length, zeros) => {
    const challenge = new Uint8Array(length).map((_, i) => 0x80 + i);
    const { random } = readHello(v2({ challenge }));
    expect(random.subarray(0, zeros)).toEqual(new Uint8Array(zeros));
    expect(random.subarray(zeros)).toEqual(challenge.subarray(0, 32 - zeros));
  });

  it('comes back as it was written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 200 }),
        fc.uint8Array({ minLength: 16, maxLength: 32 }),
        fc.integer({ min: 0x0300, max: 0x03ff }),
        (specs, challenge, version) => {
          const bytes = v2({ specs, challenge, version });
          expect(sizeOf(bytes)).toBe(bytes.length);
          const hello = readHello(bytes);
          expect(hello.cipherSuites).toEqual(specs);
          expect(hello.legacyVersion).toBe(version);
          expect(hello.random.subarray(32 - challenge.length)).toEqual(challenge);
        },
      ),
    );
  });

  // RFC 5246 ¶E.2-6, ¶E.2-7, ¶E.2-8
  it.each([
    ['no suites', { specs: [], challenge: new Uint8Array(40) }, 'ERR_DECODE', 50],
    ['a session id', { sessionId: new Uint8Array(16) }, 'ERR_DECODE', 50],
    ['a challenge that is too short', { challenge: new Uint8Array(15), specs: [1, 2] }, 'ERR_DECODE', 50],
    ['bytes behind it', { more: Uint8Array.of(0) }, 'ERR_TRAILING_BYTES', 50],
    ['suites of SSL 2 only', { specs: [0x010080, 0x0700c0] }, 'ERR_NO_SHARED_SUITE', 40],
  ] as const)('%s: refused', (_name, parts, code, alert) => {
    expect(() => ssl2Hello.read(v2(parts))).toThrow(expect.objectContaining({ code, alert }));
  });

  it('every length that does not add up is refused', () => {
    const good = v2({ specs: [SUITE, 0x00ff] });
    for (const at of [5, 6, 7, 8, 9, 10])
      for (let value = 0; value < 256; value++) {
        if (value === good[at]) continue;
        expect(() => ssl2Hello.read(good.with(at, value)), `${at}: ${value}`).toThrow(TlsError);
      }
  });

  it('nothing but a TlsError comes of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 11, maxLength: 200 }), (bytes) => {
        try {
          ssl2Hello.read(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(TlsError);
        }
      }),
    );
  });
});

const suite = legacySuites(noble).find(({ id }) => id === SUITE) as AeadSuite12;

async function server(more: Partial<ServerOptions> = {}): Promise<Engine> {
  const engine = new Engine(
    serverConfig({
      crypto: noble,
      protocols: [server13, legacyServer12(noble, { ssl2Hello: true })],
      credential: await serverCredential('rsa-2048'),
      requireExtendedMasterSecret: false,
      ...more,
    }),
  );
  engine.start();
  return engine;
}

const failureOf = (engine: Engine): unknown =>
  drain(engine).flatMap((step) => (step.type === 'failed' ? [step.error] : []))[0];

/** A client that says hello so, and continues in TLS 1.2 with RSA key exchange. */
class OldClient {
  readonly #transcript = new Transcript();
  readonly #deframer = new Deframer();
  readonly #joiner = new Joiner();
  #main: MainSecret12 | undefined;
  #incoming: Protector12 | undefined;
  serverRandom = new Uint8Array(0);

  hello(challenge = CHALLENGE): Uint8Array {
    const bytes = v2({ specs: [SUITE, 0x00ff], challenge });
    this.#transcript.add(bytes.subarray(2));
    return bytes;
  }

  /** The answer to the server's flight. */
  async answer(flight: Uint8Array, random: Uint8Array): Promise<Uint8Array> {
    for (const { type, raw, body } of this.#messages(flight)) {
      this.#transcript.add(raw);
      if (type === 2) this.serverRandom = decode(ServerHello, body).random.slice();
    }
    this.#transcript.settle(suite.hash);
    const { publicKey } = (await serverCredential('rsa-2048')).signer;
    if (publicKey.kind !== 'rsa') throw new Error('not RSA');
    const preMain = new Uint8Array(48).fill(7);
    preMain.set([3, 3]);
    const encryptedSecret = encryptPkcs1(publicKey.modulus, publicKey.exponent, preMain, noble.random);
    const exchange = encodeHandshake(16, encode(ClientKeyExchangeRsa, { encryptedSecret }));
    this.#transcript.add(exchange);
    this.#main = MainSecret12.derive(suite.hash, preMain, { client: random, server: this.serverRandom }, undefined);
    const keys = this.#main.keyBlock({ macKey: 0, key: suite.aead.keyLength, iv: suite.fixedIvLength });
    const outgoing = new Protector12(suite, keys.client);
    this.#incoming = new Protector12(suite, keys.server);
    const finished = encodeHandshake(20, this.#main.finished('client', this.#transcript.digest()));
    this.#transcript.add(finished);
    return concat(plain(22, exchange), plain(20, Uint8Array.of(1)), outgoing.seal(22, finished, 0));
  }

  /** What the server's Finished holds, and what it has to. */
  finished(flight: Uint8Array): readonly [Uint8Array, Uint8Array] {
    this.#deframer.push(flight);
    for (;;) {
      const record = this.#deframer.next(256)!;
      if (record.type === 20) break;
      this.#transcript.add(record.payload);
    }
    const { header, payload } = this.#deframer.next(256)!;
    const { content } = this.#incoming!.open(header, payload, 16_384);
    return [content.subarray(4), this.#main!.finished('server', this.#transcript.digest())];
  }

  *#messages(flight: Uint8Array): Generator<Message> {
    this.#deframer.push(flight);
    for (let record = this.#deframer.next(0); record !== undefined; record = this.#deframer.next(0))
      this.#joiner.push(record.payload);
    for (let message = this.#joiner.next(); message !== undefined; message = this.#joiner.next()) yield message;
  }
}

function plain(type: number, content: Uint8Array): Uint8Array {
  return Uint8Array.from([type, 3, 3, content.length >> 8, content.length & 255, ...content]);
}

describe('a connection that begins so', () => {
  it.each([16, 32, 48])('is made, with a challenge of %i bytes', async (length) => {
    const events: TraceEvent[] = [];
    const engine = await server({ onTrace: (event) => events.push(event) });
    const client = new OldClient();
    const challenge = new Uint8Array(length).map((_, i) => 0x40 + i);
    const random = new Uint8Array(32);
    random.set(challenge.subarray(0, 32), 32 - Math.min(32, length));
    engine.receive(client.hello(challenge));
    engine.receive(await client.answer(concat(...written(drain(engine))), random));
    const answer = drain(engine);
    expect(engine.status).toBe('open');
    expect(engine.info).toMatchObject({ version: 'TLSv1.2', suite: { id: SUITE }, extendedMasterSecret: false });
    const [found, expected] = client.finished(concat(...written(answer)));
    expect(found).toEqual(expected);
    // RFC 9846 section 4.2.3: this server could have spoken TLS 1.3.
    expect(client.serverRandom.subarray(24)).toEqual(DOWNGRADE_TLS12);
    const [hello] = events.filter((event) => event.type === 'message');
    expect(hello).toMatchObject({ arrival: 'ClientHello12', handshakeType: 1 });
    expect(hello).toHaveProperty('wire');
    expect(received(answer)).toHaveLength(0);
    const recorder = recordLadder();
    for (const event of events) recorder.onTrace(event);
    expect(drawText(recorder.rungs)).toContain('in the form of SSL 2');
  });

  it('is made from single bytes', async () => {
    const engine = await server();
    const client = new OldClient();
    const each = (bytes: Uint8Array): Uint8Array => {
      const out: Uint8Array[] = [];
      for (const byte of bytes) {
        engine.receive(Uint8Array.of(byte));
        out.push(...written(drain(engine)));
      }
      return concat(...out);
    };
    const answer = each(await client.answer(each(client.hello()), CHALLENGE));
    expect(engine.status).toBe('open');
    const [found, expected] = client.finished(answer);
    expect(found).toEqual(expected);
  });

  it('waits for the rest of it, and ends with the transport', async () => {
    const hello = v2();
    for (let length = 0; length < hello.length; length++) {
      const engine = await server();
      engine.receive(hello.subarray(0, length));
      expect(drain(engine)).toEqual([]);
      engine.receiveEnd();
      expect(failureOf(engine)).toMatchObject({ code: 'ERR_TRUNCATED' });
    }
  });
});

describe('it is refused', () => {
  it.each([
    ['without the option', { protocols: [legacyServer12(noble)] }, v2(), 'ERR_NOT_TLS', 10],
    ['by a server of TLS 1.3', { protocols: [server13] }, v2(), 'ERR_NOT_TLS', 10],
    [
      'where extended master secret is demanded',
      { requireExtendedMasterSecret: true },
      v2(),
      'ERR_EXTENDED_MASTER_SECRET',
      40,
    ],
    ['with an older version', {}, v2({ version: 0x0302 }), 'ERR_VERSION', 70],
    ['with no suite in common', {}, v2({ specs: [0xfefe] }), 'ERR_NO_SHARED_SUITE', 40],
    ['where a signature would be needed, and has no SHA-1', {}, v2({ specs: [0xc02f] }), 'ERR_NO_CREDENTIAL', 40],
    ['from a client that fell back', {}, v2({ specs: [SUITE, 0x5600] }), 'ERR_INAPPROPRIATE_FALLBACK', 86],
    ['with a length that cannot be', {}, Uint8Array.of(0xff, 0xff, 1, 3), 'ERR_DECODE', 50],
  ] as const)('%s', async (_name, options, bytes, code, alert) => {
    const engine = await server(options);
    engine.receive(bytes);
    expect(failureOf(engine)).toMatchObject({ code, alert });
  });

  it('in the second place', async () => {
    const engine = await server();
    engine.receive(concat(plain(21, Uint8Array.of(1, 0x5a)), v2()));
    expect(failureOf(engine)).toMatchObject({ code: 'ERR_UNEXPECTED_RECORD', alert: 10 });
  });

  it('a second time', async () => {
    const engine = await server();
    engine.receive(concat(v2({ specs: [SUITE] }), v2({ specs: [SUITE] })));
    expect(failureOf(engine)).toMatchObject({ code: 'ERR_UNEXPECTED_RECORD', alert: 10 });
  });

  it('not, where SHA-1 may sign', async () => {
    const crypto = legacySignatures(noble);
    const real = await serverCredential('rsa-2048');
    const signer = { ...real.signer, schemes: [...real.signer.schemes, 0x0201] };
    const engine = await server({ crypto, credential: { ...real, signer } });
    engine.receive(v2({ specs: [0xc02f] }));
    expect(failureOf(engine)).toBeUndefined();
    expect(engine.info.signatureScheme?.name).toBe('rsa_pkcs1_sha1');
  });
});

it('there is no other option', () => {
  expect(() => legacyServer12(noble, { ssl3Hello: true } as object)).toThrow(
    expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining('ssl3Hello') }),
  );
});

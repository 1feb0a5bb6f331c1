import { readFileSync } from 'node:fs';
import { x25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex } from '../../src/bytes/bytes.ts';
import { aes128gcm } from '../../src/crypto/noble/aead.ts';
import { nobleVerifier } from '../../src/crypto/noble/index.ts';
import { sha256 } from '../../src/crypto/noble/hash.ts';
import { tlsAes128GcmSha256 } from '../../src/crypto/noble/suites.ts';
import { schemeById } from '../../src/crypto/schemes.ts';
import { decodeSubjectPublicKeyInfo } from '../../src/crypto/spki.ts';
import { KNOWN_EXTENSIONS } from '../../src/handshake/tls13/known-extensions.ts';
import { signedContent } from '../../src/handshake/authentication/certificates.ts';
import { parseCertificate } from '../../src/pki/path/form.ts';
import { Deframer } from '../../src/record/deframer.ts';
import { Joiner } from '../../src/record/joiner.ts';
import { Protector13 } from '../../src/record/protect13.ts';
import { deriveSecret, expandLabel, hkdfExtract } from '../../src/keys/expand.ts';
import { type HandshakeSecrets, type MainSecrets, startSchedule, trafficKeys } from '../../src/keys/schedule13.ts';
import { Transcript } from '../../src/keys/transcript.ts';
import { classifyServerHello } from '../../src/wire/classify.ts';
import { decode } from '../../src/wire/codec.ts';
import { readExtensions } from '../../src/wire/extension.ts';
import { keyShare } from '../../src/wire/extensions/key-share.ts';
import { ServerHello } from '../../src/wire/hello.ts';
import { Certificate, CertificateVerify, NewSessionTicket } from '../../src/wire/messages13.ts';

/**
 * The traces of RFC 8448, stage by stage. Every record in them has to open under keys that come out of the private keys
 * alone: nothing in a trace can be wrong without this failing.
 */

interface Trace {
  readonly note: string;
  readonly client: {
    readonly random: string;
    readonly keys: { readonly x25519?: string; readonly secp256r1?: string };
  };
  readonly records: readonly { readonly from: 'client' | 'server'; readonly record: string }[];
  /** Application data, each way, where there is any. */
  readonly data: string;
  readonly psk?: string;
  readonly earlyData?: string;
  readonly values?: { readonly [name: string]: string };
}

const trace = (name: string): Trace =>
  JSON.parse(readFileSync(new URL(`../../vectors/rfc8448/${name}.json`, import.meta.url), 'utf8')) as Trace;

type Side = 'client' | 'server';

/** Walks a trace as both sides at once. */
class Walk {
  readonly trace: Trace;
  readonly transcript: Transcript = new Transcript();
  /** Names of the messages, in order: `client 1` is a ClientHello. */
  readonly messages: { readonly from: Side; readonly type: number; readonly body: Uint8Array }[] = [];
  readonly data: { readonly from: Side; readonly bytes: Uint8Array }[] = [];
  readonly alerts: string[] = [];
  readonly digests: { [name: string]: Uint8Array } = {};
  readonly found: { [name: string]: Uint8Array } = {};
  readonly #deframers = { client: new Deframer(), server: new Deframer() };
  readonly #joiners = { client: new Joiner(), server: new Joiner() };
  readonly #open: { client?: Protector13; server?: Protector13 } = {};
  readonly #signers: { client?: Uint8Array; server?: Uint8Array } = {};
  handshake: HandshakeSecrets | undefined;
  main: MainSecrets | undefined;
  #clientTrafficWaits: Uint8Array | undefined;

  constructor(trace: Trace) {
    this.trace = trace;
    for (const { from, record } of trace.records) {
      this.#deframers[from].push(fromHex(record));
      for (let raw = this.#deframers[from].next(256); raw !== undefined; raw = this.#deframers[from].next(256)) {
        if (raw.type === 20) continue;
        const opened = this.#open[from]?.open(raw.header, raw.payload, 16_384) ?? {
          type: raw.type,
          content: raw.payload,
        };
        if (opened.type === 22) this.#handshake(from, opened.content);
        else if (opened.type === 23) this.data.push({ from, bytes: opened.content });
        else this.alerts.push(`${from} ${opened.content.join()}`);
      }
    }
  }

  #handshake(from: Side, content: Uint8Array): void {
    this.#joiners[from].push(content);
    for (let message = this.#joiners[from].next(); message !== undefined; message = this.#joiners[from].next()) {
      this.messages.push({ from, type: message.type, body: message.body });
      this.#message(from, message.type, message.body, message.raw);
    }
  }

  #message(from: Side, type: number, body: Uint8Array, raw: Uint8Array): void {
    switch (type) {
      case 1:
        this.#clientHello(raw);
        return;
      case 2:
        this.#serverHello(body, raw);
        return;
      case 4:
        return; // not part of the transcript
      case 5:
        this.transcript.add(raw);
        this.#open.client = new Protector13(tlsAes128GcmSha256, this.handshake!.clientTraffic);
        return;
      case 11:
        this.#signers[from] = decode(Certificate, body).entries[0]!.certData;
        break;
      case 15:
        this.#certificateVerify(from, body);
        break;
      case 20:
        this.#finished(from, body, raw);
        return;
    }
    this.transcript.add(raw);
  }

  #clientHello(raw: Uint8Array): void {
    this.transcript.add(raw);
    const { psk } = this.trace;
    if (psk === undefined) return;
    const early = startSchedule(sha256, fromHex(psk));
    // The binders are the last 32 bytes, behind two lengths (RFC 9846 section 4.3.11.2).
    this.found.binder = early.binder('resumption', sha256.digest(raw.subarray(0, raw.length - 35)));
    expect(toHex(this.found.binder)).toBe(toHex(raw.subarray(raw.length - 32)));
    const digest = sha256.digest(raw);
    this.found.clientEarlyTraffic = early.clientEarlyTraffic(digest);
    this.found.earlyExporter = early.earlyExporter(digest);
    this.#open.client = new Protector13(tlsAes128GcmSha256, this.found.clientEarlyTraffic);
  }

  #serverHello(body: Uint8Array, raw: Uint8Array): void {
    const hello = decode(ServerHello, body);
    const carrier = classifyServerHello(hello);
    if (carrier === 'HelloRetryRequest') {
      this.transcript.settle(sha256);
      this.transcript.rollupForRetry();
      this.transcript.add(raw);
      return;
    }
    if (
      !this.messages.some(
        ({ type, from }, index) => from === 'server' && type === 2 && index < this.messages.length - 1,
      )
    )
      this.transcript.settle(sha256);
    this.transcript.add(raw);
    const share = readExtensions('ServerHello', hello.extensions, KNOWN_EXTENSIONS).get(keyShare)!;
    const { keys } = this.trace.client;
    const shared =
      share.group === 0x001d
        ? x25519.getSharedSecret(fromHex(keys.x25519!), share.keyExchange)
        : p256.getSharedSecret(fromHex(keys.secp256r1!), share.keyExchange).slice(1);
    this.found.sharedSecret = shared;
    this.digests.hello = this.transcript.digest();
    const psk = this.trace.psk === undefined ? undefined : fromHex(this.trace.psk);
    this.handshake = startSchedule(sha256, psk).intoHandshake(shared, this.digests.hello);
    this.found.clientHandshakeTraffic = this.handshake.clientTraffic.slice();
    this.found.serverHandshakeTraffic = this.handshake.serverTraffic.slice();
    this.#open.server = new Protector13(tlsAes128GcmSha256, this.handshake.serverTraffic);
    if (this.trace.earlyData === undefined)
      this.#open.client = new Protector13(tlsAes128GcmSha256, this.handshake.clientTraffic);
  }

  #certificateVerify(from: Side, body: Uint8Array): void {
    const { scheme, signature } = decode(CertificateVerify, body);
    const { spki } = parseCertificate(this.#signers[from]!);
    const input = signedContent(from, this.transcript.digest());
    const key = decodeSubjectPublicKeyInfo(spki)!;
    expect(nobleVerifier.verify(schemeById(scheme)!.algorithm, key, input, signature)).toBe(true);
  }

  #finished(from: Side, body: Uint8Array, raw: Uint8Array): void {
    expect(toHex(body)).toBe(toHex(this.handshake!.finished(from, this.transcript.digest())));
    this.transcript.add(raw);
    if (from === 'server') {
      this.digests.serverFinished = this.transcript.digest();
      this.main = this.handshake!.intoMain(this.digests.serverFinished);
      this.found.exporter = this.main.exporterSecret.slice();
      this.#open.server = new Protector13(tlsAes128GcmSha256, this.main.serverTraffic);
      this.#clientTrafficWaits = this.main.clientTraffic;
    } else {
      this.digests.clientFinished = this.transcript.digest();
      this.main!.deriveResumption(this.digests.clientFinished);
      this.#open.client = new Protector13(tlsAes128GcmSha256, this.#clientTrafficWaits!);
    }
  }
}

const types = (walk: Walk): string[] => walk.messages.map(({ from, type }) => `${from} ${type}`);
const CLOSE = ['client 1,0', 'server 1,0'];

describe('RFC 8448', () => {
  it.each([
    [
      'simple-1rtt',
      ['client 1', 'server 2', 'server 8', 'server 11', 'server 15', 'server 20', 'client 20', 'server 4'],
    ],
    ['resumed-0rtt', ['client 1', 'server 2', 'server 8', 'server 20', 'client 5', 'client 20']],
    [
      'hello-retry-request',
      ['client 1', 'server 2', 'client 1', 'server 2', 'server 8', 'server 11', 'server 15', 'server 20', 'client 20'],
    ],
    [
      'client-authentication',
      [
        'client 1',
        'server 2',
        'server 8',
        'server 13',
        'server 11',
        'server 15',
        'server 20',
        'client 11',
        'client 15',
        'client 20',
      ],
    ],
    ['compatibility', ['client 1', 'server 2', 'server 8', 'server 11', 'server 15', 'server 20', 'client 20']],
  ])('%s: every record opens, every signature and every Finished fits', (name, expected) => {
    const walk = new Walk(trace(name));
    expect(types(walk)).toEqual(expected);
    expect(walk.alerts).toEqual(CLOSE);
    const { data, earlyData } = walk.trace;
    const sent = [earlyData, data, data].filter((text) => text !== undefined && text !== '');
    expect(walk.data.map(({ bytes }) => toHex(bytes))).toEqual(sent);
  });

  it('simple-1rtt: every secret, key and digest is the one that is published', () => {
    const walk = new Walk(trace('simple-1rtt'));
    const published = walk.trace.values!;
    const early = hkdfExtract(sha256, new Uint8Array(32), new Uint8Array(32));
    const empty = sha256.digest();
    const handshakeSecret = hkdfExtract(
      sha256,
      deriveSecret(sha256, early, 'derived', empty),
      walk.found.sharedSecret!,
    );
    const mainSecret = hkdfExtract(sha256, deriveSecret(sha256, handshakeSecret, 'derived', empty), new Uint8Array(32));
    const keys = (secret: Uint8Array) => trafficKeys(sha256, aes128gcm.keyLength, secret);
    const finishedKey = (secret: Uint8Array) => expandLabel(sha256, secret, 'finished', new Uint8Array(0), 32);
    const { clientHandshakeTraffic, serverHandshakeTraffic } = walk.found;
    const ticket = decode(NewSessionTicket, walk.messages.at(-1)!.body);
    const computed: { [name: string]: Uint8Array } = {
      earlySecret: early,
      sharedSecret: walk.found.sharedSecret!,
      handshakeSecret,
      helloDigest: walk.digests.hello!,
      clientHandshakeTraffic: clientHandshakeTraffic!,
      clientHandshakeKey: keys(clientHandshakeTraffic!).key,
      clientHandshakeIv: keys(clientHandshakeTraffic!).iv,
      clientFinishedKey: finishedKey(clientHandshakeTraffic!),
      serverHandshakeTraffic: serverHandshakeTraffic!,
      serverHandshakeKey: keys(serverHandshakeTraffic!).key,
      serverHandshakeIv: keys(serverHandshakeTraffic!).iv,
      serverFinishedKey: finishedKey(serverHandshakeTraffic!),
      mainSecret,
      serverFinishedDigest: walk.digests.serverFinished!,
      clientTraffic: walk.main!.clientTraffic,
      clientKey: keys(walk.main!.clientTraffic).key,
      clientIv: keys(walk.main!.clientTraffic).iv,
      serverTraffic: walk.main!.serverTraffic,
      serverKey: keys(walk.main!.serverTraffic).key,
      serverIv: keys(walk.main!.serverTraffic).iv,
      exporter: walk.found.exporter!,
      clientFinishedDigest: walk.digests.clientFinished!,
      resumption: deriveSecret(sha256, mainSecret, 'res master', walk.digests.clientFinished!),
      ticketNonce: ticket.nonce,
      psk: walk.main!.ticketSecret(ticket.nonce),
    };
    expect(Object.fromEntries(Object.entries(computed).map(([name, bytes]) => [name, toHex(bytes)]))).toEqual(
      published,
    );
  });

  it('resumed-0rtt: the early secret and what is made of it are the ones that are published', () => {
    const walk = new Walk(trace('resumed-0rtt'));
    const early = hkdfExtract(sha256, new Uint8Array(32), fromHex(walk.trace.psk!));
    const binderKey = deriveSecret(sha256, early, 'res binder', sha256.digest());
    const computed = {
      earlySecret: early,
      binderKey,
      binderFinishedKey: expandLabel(sha256, binderKey, 'finished', new Uint8Array(0), 32),
      binder: walk.found.binder!,
      clientEarlyTraffic: walk.found.clientEarlyTraffic!,
      earlyExporter: walk.found.earlyExporter!,
      sharedSecret: walk.found.sharedSecret!,
      clientHandshakeTraffic: walk.found.clientHandshakeTraffic!,
      serverHandshakeTraffic: walk.found.serverHandshakeTraffic!,
      clientTraffic: walk.main!.clientTraffic,
      serverTraffic: walk.main!.serverTraffic,
      exporter: walk.found.exporter!,
    };
    expect(Object.fromEntries(Object.entries(computed).map(([name, bytes]) => [name, toHex(bytes)]))).toEqual(
      walk.trace.values,
    );
    // The key of this connection came with the ticket of the simple one.
    expect(walk.trace.psk).toBe(trace('simple-1rtt').values!.psk);
  });

  it('hello-retry-request: the first ClientHello counts as a message that holds its hash', () => {
    const walk = new Walk(trace('hello-retry-request'));
    const raws = walk.trace.records.slice(0, 4).map(({ record }) => fromHex(record).subarray(5));
    const [first, retry, second, hello] = raws as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const whole = concat(Uint8Array.of(254, 0, 0, 32), sha256.digest(first), retry, second, hello);
    expect(toHex(walk.digests.hello!)).toBe(toHex(sha256.digest(whole)));
  });
});

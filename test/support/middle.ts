import { fromHex } from '../../src/bytes/bytes.ts';
import type { AeadSuite12, CipherSuite13 } from '../../src/crypto/types.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { EngineEvent } from '../../src/engine/event.ts';
import { Deframer } from '../../src/record/deframer.ts';
import { Joiner } from '../../src/record/joiner.ts';
import { Protector12 } from '../../src/record/protect12.ts';
import { Protector13 } from '../../src/record/protect13.ts';
import type { RecordProtector } from '../../src/keys/protection.ts';
import { MainSecret12 } from '../../src/keys/schedule12.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';
import { type ClientParts, drain, makeClient, makeServer, type ServerParts, written } from './pair.ts';

/** A message on its way to the engine under test, outside of any record. */
export interface Passing {
  /** HandshakeType; -1: the ChangeCipherSpec of TLS 1.2. */
  readonly type: number;
  readonly raw: Uint8Array;
  /** The keys of the peer from here on, where this message changes them. */
  readonly rekeyed: RecordProtector | undefined;
}

const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const END_OF_EARLY_DATA = 5;
const FINISHED = 20;

/**
 * An attacker in the middle who has both sides' secrets (from the key log): takes apart what the peer sends into messages,
 * and puts them into records anew, one message a record, for the engine under test. So a test can hold a message back,
 * change it, or put another in its place, under the right keys.
 */
export class Middle {
  readonly target: Engine;
  readonly peer: Engine;
  /** Everything the target has said. */
  readonly said: EngineEvent[] = [];
  readonly #secrets = new Map<string, Uint8Array>();
  readonly #deframer = new Deframer();
  readonly #joiner = new Joiner();
  readonly #waiting: Passing[] = [];
  #open: RecordProtector | undefined;
  #seal: RecordProtector | undefined;
  /** TLS 1.2: ServerHello.random. */
  #serverRandom: Uint8Array | undefined;
  #suite: CipherSuite13 | undefined;

  constructor(role: 'client' | 'server', client: ClientParts = {}, server: ServerParts = {}) {
    const keyLog = (line: string): void => {
      const [label, , secret] = line.split(' ');
      this.#secrets.set(label!, fromHex(secret!));
    };
    const c = makeClient({ ...client, ...(role === 'server' && { keyLog }) });
    const s = makeServer({ ...server, ...(role === 'client' && { keyLog }) });
    this.target = role === 'client' ? c : s;
    this.peer = role === 'client' ? s : c;
    this.target.start();
    this.peer.start();
    this.settle();
  }

  /** Lets both sides say what they have to say; what the peer says waits. */
  settle(): void {
    for (let moved = true; moved; ) {
      const mine = drain(this.target);
      this.said.push(...mine);
      for (const bytes of written(mine)) {
        if (bytes[0] === 22 && bytes[5] === SERVER_HELLO) this.#serverRandom = bytes.slice(11, 43);
        this.peer.receive(bytes);
      }
      const theirs = drain(this.peer);
      for (const bytes of written(theirs)) this.#take(bytes);
      moved = mine.length + theirs.length > 0;
    }
  }

  /** The next message of the peer, not delivered yet. */
  get next(): Passing | undefined {
    return this.#waiting[0];
  }

  /** Delivers the next message of the peer, or something else in its place. */
  pass(change: (message: Passing) => Uint8Array | undefined = ({ raw }) => raw): void {
    const message = this.#waiting.shift();
    if (message === undefined) throw new Error('the peer has said nothing more');
    const raw = change(message);
    if (raw !== undefined) this.target.receive(this.record(message.type === -1 ? 20 : 22, raw));
    this.#seal = message.rekeyed ?? this.#seal;
    this.settle();
  }

  /** Delivers a message of our own, in a record under the keys that are right now. */
  inject(raw: Uint8Array): void {
    this.target.receive(this.record(22, raw));
    this.settle();
  }

  /** A record that the target can open. */
  record(type: number, content: Uint8Array): Uint8Array {
    if (this.#seal !== undefined) return this.#seal.seal(type, content, 0);
    return Uint8Array.from([type, 3, 3, content.length >> 8, content.length & 255, ...content]);
  }

  /** Passes messages until the target is in this state. */
  until(state: string): this {
    for (let left = 20; this.target.state !== state; left--) {
      if (left === 0 || this.#waiting.length === 0)
        throw new Error(`the target is in ${this.target.state}, not in ${state}`);
      this.pass();
    }
    return this;
  }

  #take(bytes: Uint8Array): void {
    if (this.peer.role === 'client') this.#useHandshakeKeys();
    this.#deframer.push(bytes);
    for (let record = this.#deframer.next(256); record !== undefined; record = this.#deframer.next(256)) {
      if (record.type === 20) {
        if (this.peer.info.version === 'TLSv1.2') {
          this.#waiting.push({ type: -1, raw: Uint8Array.of(1), rekeyed: this.#protector12() });
          this.#open = this.#protector12();
        }
        continue;
      }
      const { type, content } =
        this.#open === undefined
          ? { type: record.type, content: record.payload }
          : this.#open.open(record.header, record.payload, 16_384);
      if (type !== 22) continue;
      this.#joiner.push(content);
      for (let message = this.#joiner.next(); message !== undefined; message = this.#joiner.next()) {
        if (message.type === SERVER_HELLO) this.#serverRandom = message.raw.slice(6, 38);
        this.#waiting.push({ type: message.type, raw: message.raw, rekeyed: this.#protector(message.type) });
        this.#open = this.#protector(message.type) ?? this.#open;
      }
    }
  }

  /** TLS 1.2: the keys that follow the peer's ChangeCipherSpec. */
  #protector12(): Protector12 {
    const { role, info, config } = this.peer;
    const suite = config.suites12.find(({ id }) => id === info.suite?.id) as AeadSuite12;
    const randoms = { client: info.clientRandom!, server: this.#serverRandom! };
    const main = new MainSecret12(suite.hash, this.#secrets.get('CLIENT_RANDOM')!, randoms);
    const sizes = { macKey: 0, key: suite.aead.keyLength, iv: suite.fixedIvLength };
    return new Protector12(suite, main.keyBlock(sizes)[role]);
  }

  /** The keys that follow a message of the peer. */
  #protector(type: number): Protector13 | undefined {
    if (this.peer.info.version === 'TLSv1.2') return undefined;
    const side = this.peer.role === 'client' ? 'CLIENT' : 'SERVER';
    const handshake = this.#secrets.get(`${side}_HANDSHAKE_TRAFFIC_SECRET`);
    const { suite } = this.peer.info;
    this.#suite ??= this.peer.config.suites13.find(({ id }) => id === suite?.id);
    const early = this.#secrets.get('CLIENT_EARLY_TRAFFIC_SECRET');
    // Early data is sent with the suite of the session, which is the first of the list here.
    if (type === CLIENT_HELLO && early !== undefined) return new Protector13(this.peer.config.suites13[0]!, early);
    if (type === END_OF_EARLY_DATA) return new Protector13(this.#suite!, handshake!);
    if (type === SERVER_HELLO && handshake !== undefined) return new Protector13(this.#suite!, handshake);
    if (type === FINISHED) return new Protector13(this.#suite!, this.#secrets.get(`${side}_TRAFFIC_SECRET_0`)!);
    return undefined;
  }

  /** The client's keys change when it has read the ServerHello, not with a message of its own. */
  #useHandshakeKeys(): void {
    const secret = this.#secrets.get('CLIENT_HANDSHAKE_TRAFFIC_SECRET');
    if (secret === undefined || this.#suite !== undefined || this.#secrets.has('CLIENT_EARLY_TRAFFIC_SECRET')) return;
    this.#suite = this.peer.config.suites13.find(({ id }) => id === this.peer.info.suite?.id);
    this.#open = new Protector13(this.#suite!, secret);
    this.#seal = new Protector13(this.#suite!, secret);
  }
}

export const message = (type: number, body: Uint8Array = new Uint8Array(0)): Uint8Array => encodeHandshake(type, body);

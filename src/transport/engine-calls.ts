import type { OwnBytes } from '../bytes/bytes.ts';
import type { ChannelBinding } from '../engine/channel-binding.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineEvent } from '../engine/event.ts';
import { isTlsError, TlsError } from '../errors.ts';
import type { Loop } from './loop.ts';
import { type HandshakeInfo, type PeerInfo, startInfo } from '../handshake/context.ts';

/** A call that waits for a certificate. */
interface Waiting {
  resolve(peer: PeerInfo | undefined): void;
  reject(reason: unknown): void;
}

/** The engine, once it is there, and the one way to call it: what it throws is no reason to leave a connection hanging. */
export class EngineCalls {
  readonly #loop: Loop;
  #engine: Engine | undefined;
  /** Inside a call of the engine: a callback of the program may be running. */
  #isInside = false;
  /** The engine waits for an answer. */
  #isPending = false;
  /** Certificates that were asked for. */
  #later: Waiting[] | undefined;
  /** The connection has to be given up: what the engine threw, or what was decided inside a call. */
  stop: TlsError | undefined;

  /** @param loop is scheduled when there is something to do. */
  constructor(loop: Loop) {
    this.#loop = loop;
  }

  /** Undefined until it is there. */
  get engine(): Engine | undefined {
    return this.#engine;
  }

  get info(): Readonly<HandshakeInfo> {
    return this.#engine?.info ?? startInfo();
  }

  get isInside(): boolean {
    return this.#isInside;
  }

  get isPending(): boolean {
    return this.#isPending;
  }

  begin(engine: Engine): void {
    this.#engine = engine;
    this.#loop.schedule();
  }

  /** Undefined when it has thrown. */
  call<T>(call: () => T): T | undefined {
    this.#isInside = true;
    try {
      return call();
    } catch (reason) {
      this.stop ??= asTlsError(reason);
      return undefined;
    } finally {
      this.#isInside = false;
    }
  }

  /** What happens next. */
  next(engine: Engine): EngineEvent | undefined {
    return this.call(() => {
      if (engine.status === 'fresh') engine.start();
      return engine.next();
    });
  }

  answer(engine: Engine, request: Parameters<Engine['answer']>[0]): void {
    const answer = this.call(() => engine.answer(request));
    if (answer === undefined) return;
    // While records are being sealed or opened, others come.
    const keeps = request.kind !== 'sealRecords' && request.kind !== 'openRecords';
    if (keeps) this.#isPending = true;
    const settled = (reason?: unknown): void => {
      if (keeps) this.#isPending = false;
      if (reason !== undefined) this.stop ??= asTlsError(reason);
      this.#loop.schedule();
    };
    answer.then(() => settled(), settled);
  }

  /** Overwrites the keys, where the engine has not done it already. */
  dispose(): void {
    const engine = this.#engine;
    if (engine !== undefined && engine.status !== 'closed' && engine.status !== 'failed')
      this.call(() => engine.abort(new TlsError('ERR_ABORTED')));
  }

  // --- what the program asks of it ---

  /** @throws TlsError ERR_STATE at a moment when it cannot be asked for, and what the engine throws. */
  command(name: string, isOver: boolean, call: (engine: Engine) => void): void {
    const engine = this.#engine;
    if (engine === undefined || isOver || this.#isInside) {
      const when = isOver ? 'when the connection is over' : 'at this moment';
      throw new TlsError('ERR_STATE', { detail: `${name} ${when}` });
    }
    this.#isInside = true;
    try {
      call(engine);
    } finally {
      this.#isInside = false;
      this.#loop.schedule();
    }
  }

  requestCertificate(isOver: boolean): Promise<PeerInfo | undefined> {
    return new Promise((resolve, reject) => {
      this.command('requestCertificate', isOver, (engine) => engine.requestCertificate());
      this.#later = [...(this.#later ?? []), { resolve, reject }];
    });
  }

  /** The peer has answered. */
  certificate(peer: PeerInfo | undefined): void {
    this.#later?.shift()?.resolve(peer);
  }

  /** The peer will not answer any more; an error is made only where there is one to tell it. */
  rejectLater(why: () => TlsError): void {
    const waiting = this.#later;
    this.#later = undefined;
    if (waiting === undefined || waiting.length === 0) return;
    const error = why();
    for (const { reject } of waiting) reject(error);
  }

  exportKey(label: string, context: Uint8Array | undefined, length: number): OwnBytes {
    return this.#begun().exportKey(label, context, length);
  }

  channelBinding(type: ChannelBinding): Uint8Array {
    return this.#begun().channelBinding(type);
  }

  #begun(): Engine {
    if (this.#engine === undefined) throw new TlsError('ERR_STATE', { detail: 'before the handshake has begun' });
    return this.#engine;
  }
}

export function asTlsError(reason: unknown): TlsError {
  return isTlsError(reason) ? reason : new TlsError('ERR_INTERNAL', { cause: reason });
}

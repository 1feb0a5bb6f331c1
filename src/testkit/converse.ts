import type { Socket } from 'node:net';
import type { Engine } from '../engine/engine.ts';
import type { EngineEvent } from '../engine/event.ts';
import type { TlsError } from '../errors.ts';
import { type Change, type Forgery, misbehaving } from './misbehaving.ts';

/** How a peer misbehaves. What is left out is as it should be. */
export interface Misbehaviour {
  /** In messages, before they are hashed, signed and sent. */
  readonly change?: Change;
  /** In records, before they are protected. */
  readonly forge?: Forgery;
  /** In what is written, each piece with its number. */
  readonly wire?: (bytes: Uint8Array, number: number) => readonly Uint8Array[];
  /** In what it does when the handshake is done. */
  readonly open?: (engine: Engine) => void;
  /** After what it is cut off, or falls silent: the number of pieces that are written before. */
  readonly stop?: { readonly after: number; readonly how: 'cut' | 'silent' };
  /** How it ends, once it has answered. Default: with close_notify. */
  readonly end?: 'close_notify' | 'cut';
}

/** What the other side did. */
export interface Conversation {
  /** It finished its handshake, as far as we were told. */
  readonly established: boolean;
  /** Bytes of application data that it sent. */
  readonly dataReceived: number;
  /** The alert with which it refused; close_notify is none. */
  readonly alert: number | undefined;
  /** How it ended: with close_notify, by closing the connection, or not within the time. */
  readonly end: 'close_notify' | 'closed' | 'none';
  /** What our own side made of it. */
  readonly error: TlsError | undefined;
}

/** What is said when the connection is open. */
export interface Words {
  /** For how long the other side may be silent before we speak ourselves, in milliseconds. */
  readonly patience: number;
  readonly say: Uint8Array;
  /** Milliseconds for the whole of it. */
  readonly limit: number;
}

/** Runs an engine over a socket, misbehaving. Resolves when the connection is over. Never rejects for what the peer does. */
export function converse(
  socket: Socket,
  engine: Engine,
  first: Uint8Array,
  misbehaviour: Misbehaviour,
  { patience, say, limit }: Words,
  alertOf: () => number | undefined,
): Promise<Conversation> {
  const {
    change = (message: Uint8Array) => message,
    forge,
    wire = (bytes: Uint8Array) => [bytes],
    stop,
  } = misbehaviour;
  const mouth = misbehaving(change, forge);
  return new Promise((resolve) => {
    let established = false;
    let dataReceived = 0;
    let error: TlsError | undefined;
    let end: Conversation['end'] = 'none';
    let pieces = 0;
    let written = 0;
    let hasSpoken = false;
    let isOver = false;
    const finish = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      clearTimeout(speaker);
      socket.destroy();
      resolve({ established, dataReceived, alert: alertOf(), end, error });
    };
    const timer = setTimeout(finish, limit);
    let speaker: NodeJS.Timeout | undefined;
    const write = (bytes: Uint8Array): void => {
      for (const piece of wire(bytes, pieces++)) {
        if (stop !== undefined && written >= stop.after) return;
        written++;
        if (!socket.destroyed) socket.write(piece);
        if (stop?.how === 'cut' && written === stop.after) socket.destroySoon();
      }
    };
    const speak = (): void => {
      clearTimeout(speaker);
      if (hasSpoken || !engine.maySend) return;
      hasSpoken = true;
      mouth.turn(() => {
        misbehaviour.open?.(engine);
        if (engine.maySend) engine.send(say);
        if (misbehaviour.end !== 'cut') engine.close();
      });
      drain();
      if (misbehaviour.end === 'cut') socket.destroySoon();
    };
    const handle = (event: EngineEvent): void => {
      switch (event.type) {
        case 'write':
          write(event.bytes);
          break;
        case 'established':
          established = true;
          speaker = setTimeout(speak, patience);
          break;
        case 'data':
        case 'early-data':
          dataReceived += event.bytes.length;
          speak();
          break;
        case 'end':
          end = 'close_notify';
          speak();
          break;
        case 'failed':
          error = event.error;
          // What else the peer says is heard, an alert above all.
          setTimeout(finish, patience);
          break;
        default:
          break;
      }
    };
    const drain = (): void => {
      for (;;) {
        const event = mouth.turn(() => engine.next());
        if (event.type === 'wait') return;
        if (event.type === 'request') {
          const answered = mouth.turn(() => engine.answer(event.request));
          if (answered !== undefined) {
            answered.then(drain, drain);
            return;
          }
        } else handle(event);
      }
    };
    socket.on('data', (chunk: Uint8Array) => {
      engine.receive(Uint8Array.from(chunk));
      drain();
    });
    const closed = (): void => {
      if (end === 'none') end = 'closed';
      engine.receiveEnd();
      drain();
      finish();
    };
    socket.on('end', closed).on('close', closed).on('error', closed);
    mouth.turn(() => engine.start());
    if (first.length > 0) engine.receive(first);
    drain();
    socket.resume();
  });
}

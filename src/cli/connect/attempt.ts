import type { Duplex } from 'node:stream';
import { TlsError } from '../../errors.ts';
import type { HandshakeInfo } from '../../handshake/context.ts';
import type { TraceEvent } from '../../handshake/config.ts';
import type { ClientContext } from '../../index.ts';
import { connect, type TlsSocket } from '../../node/index.ts';
import { Dialogue } from './dialogue.ts';
import { dial } from './dial.ts';
import type { Capture } from './pcap.ts';
import { STARTTLS, type StartTlsName } from './starttls.ts';
import { Tap } from './tap.ts';
import type { Target } from './target.ts';

/** One connection. */
export interface AttemptOptions {
  readonly target: Target;
  readonly context: ClientContext;
  readonly serverName: string;
  readonly startTls: StartTlsName | undefined;
  readonly earlyData: Uint8Array | undefined;
  readonly capture: Capture | undefined;
  /** For each of: dialling, one answer in plaintext, the handshake. */
  readonly milliseconds: number;
  readonly onTrace: (event: TraceEvent) => void;
  readonly onPlaintext: (line: string) => void;
}

/** How it went. */
export interface Attempt {
  /** Undefined: the handshake failed. */
  readonly socket: TlsSocket | undefined;
  readonly error: TlsError | undefined;
  /** What the server said right behind the handshake: in TLS 1.3 it refuses a client only then. */
  lateError: TlsError | undefined;
  /** We have said that we go: what a server makes of that, other than an alert, is no fault of the connection. */
  isLeaving: boolean;
  readonly info: Readonly<HandshakeInfo>;
  readonly address: string | undefined;
  /** Milliseconds. */
  readonly times: { readonly dial: number; readonly startTls: number | undefined; readonly handshake: number };
}

/** Dials, asks for TLS where that is done in plaintext, and runs the handshake. @throws Failure: it came to no handshake. */
export async function attempt(options: AttemptOptions): Promise<Attempt> {
  const { target, context, serverName, startTls, earlyData, capture, milliseconds } = options;
  const start = performance.now();
  const below = await dial(target, milliseconds);
  const dialled = performance.now();
  const { remoteAddress } = below;
  capture?.hold();
  const stream: Duplex = capture === undefined ? below : new Tap(below, capture.connection(below));
  if (startTls !== undefined) await ask(stream, startTls, serverName, options);
  const asked = performance.now();
  const socket = connect(stream, {
    context,
    serverName,
    sessionKey: `${target.host}:${target.port}`,
    onTrace: options.onTrace,
    handshakeTimeout: milliseconds,
    allowHalfOpen: true,
    closeTimeout: 1000,
    ...(earlyData !== undefined && { earlyData }),
  });
  let error: TlsError | undefined;
  try {
    await socket.secured();
  } catch (reason) {
    if (!(reason instanceof TlsError)) throw reason;
    error = reason;
  }
  capture?.release();
  const result: Attempt = {
    socket: error === undefined ? socket : undefined,
    error,
    lateError: undefined,
    isLeaving: false,
    info: socket.info,
    address: remoteAddress,
    times: {
      dial: dialled - start,
      startTls: startTls === undefined ? undefined : asked - dialled,
      handshake: performance.now() - asked,
    },
  };
  socket.on('error', (late) => {
    if (!(late instanceof TlsError) || result.error !== undefined) return;
    // Many servers hang up without close_notify then, and some still send in plaintext.
    if (!result.isLeaving || late.code === 'ERR_ALERT_RECEIVED') result.lateError ??= late;
  });
  return result;
}

async function ask(
  stream: Duplex,
  startTls: StartTlsName,
  name: string,
  { milliseconds, onPlaintext }: AttemptOptions,
): Promise<void> {
  const dialogue = new Dialogue(stream, milliseconds);
  try {
    await STARTTLS[startTls].ask(dialogue, name);
    dialogue.finish();
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    for (const line of dialogue.log) onPlaintext(line);
  }
}

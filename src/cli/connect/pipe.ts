import { once } from 'node:events';
import type { TlsSocket } from '../../node/index.ts';
import type { Terminal } from '../terminal.ts';

/** How bytes are carried. */
export interface PipeOptions {
  /** Milliseconds without anything from the server, after our input has ended, until it is enough. */
  readonly wait: number;
  /** End our direction with close_notify as soon as the input has ended; otherwise when the server has ended. */
  readonly halfClose: boolean;
}

/** Standard input to the server, and what it says to standard output, until either side has ended. */
export async function pipe(
  socket: TlsSocket,
  terminal: Terminal,
  { wait, halfClose }: PipeOptions,
): Promise<PipeResult> {
  const input = terminal.input();
  const output = terminal.output();
  let sent = 0;
  let received = 0;
  let timer: NodeJS.Timeout | undefined;
  let inputEnded = false;
  let finish: (error?: Error) => void = () => {};
  const done = new Promise<Error | undefined>((resolve) => {
    finish = resolve;
  });
  const rearm = (): void => {
    clearTimeout(timer);
    if (inputEnded) timer = setTimeout(() => finish(), sent === 0 && received === 0 ? Math.min(wait, 500) : wait);
  };
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
    rearm();
    if (!output.write(chunk)) {
      socket.pause();
      output.once('drain', () => socket.resume());
    }
  });
  // The one who reads may have enough.
  output.once('error', () => finish()).once('close', () => finish());
  socket.on('end', () => finish());
  socket.on('error', (error) => finish(error));
  socket.on('close', () => finish());
  input.on('data', (chunk: Buffer) => {
    sent += chunk.length;
    if (!socket.write(chunk)) {
      input.pause();
      socket.once('drain', () => input.resume());
    }
  });
  const onInputEnd = (): void => {
    inputEnded = true;
    rearm();
    if (halfClose) socket.end();
  };
  input.on('end', onInputEnd).on('error', onInputEnd);
  const error = await done;
  clearTimeout(timer);
  input.removeAllListeners().pause();
  input.destroy();
  await leave(socket);
  return { error, sent, received };
}

export interface PipeResult {
  readonly error: Error | undefined;
  /** Bytes. */
  readonly sent: number;
  readonly received: number;
}

/** Says close_notify, and does not wait for ever. */
export async function leave(socket: TlsSocket): Promise<void> {
  if (socket.destroyed) return;
  socket.on('error', () => {});
  const closed = once(socket, 'close').catch(() => {});
  socket.resume();
  socket.end();
  const timer = setTimeout(() => socket.destroy(), 500);
  await closed;
  clearTimeout(timer);
}

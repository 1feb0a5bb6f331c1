import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { reasonOf } from '../listen/pool.ts';
import { closePayload, FrameError, FrameReader, writeFrame } from './frames.ts';

/** What became of a connection. */
export interface Bridged {
  readonly ended: string;
  /** Bytes of content. */
  readonly received: number;
  readonly sent: number;
}

/** Milliseconds that a client has to answer a close. */
const CLOSE_PATIENCE = 2_000;

/**
 * Joins a WebSocket and a TCP connection: the content of binary messages, both ways, at the pace of the slower side. What
 * came from one side reaches the other before its end does.
 */
export function bridge(
  socket: Duplex,
  upstream: Socket,
  head: Uint8Array,
  { idle, maxBuffered }: { readonly idle: number; readonly maxBuffered: number },
): Promise<Bridged> {
  return new Promise((resolve) => {
    const reader = new FrameReader(maxBuffered);
    let received = 0;
    let sent = 0;
    let ended: string | undefined;
    let isClosing = false;
    let isBroken = false;
    /** What is full. A client that does not read is not answered for ever. */
    const full = new Set<Duplex>();
    const timer = idle > 0 ? setTimeout(() => close(1001, 'idle-timeout', 'idle-timeout'), idle) : undefined;
    timer?.unref();

    const send = (opcode: 2 | 8 | 10, payload: Uint8Array): boolean => {
      if (socket.destroyed || socket.writableEnded) return true;
      return writeFrame(opcode, payload)
        .map((part) => socket.write(part))
        .every((isRoom) => isRoom);
    };
    function close(code: number, reason: string, how: string): void {
      ended ??= how;
      if (isClosing) return;
      isClosing = true;
      send(8, closePayload(code, reason));
      upstream.end();
      const late = setTimeout(() => socket.destroy(), CLOSE_PATIENCE);
      socket.once('close', () => clearTimeout(late));
    }
    function hold(until: Duplex): void {
      if (full.has(until)) return;
      full.add(until);
      socket.pause();
      until.once('drain', () => {
        full.delete(until);
        if (full.size === 0) socket.resume();
      });
    }
    const take = (chunk: Uint8Array): void => {
      if (isBroken) return;
      timer?.refresh();
      try {
        for (const { opcode, payload } of reader.read(chunk)) {
          if (opcode === 8) {
            ended ??= 'by the client';
            // Their close is answered, once.
            if (!isClosing) send(8, payload.subarray(0, 2));
            isClosing = true;
            upstream.end();
            socket.end();
            return;
          }
          if (opcode === 9) {
            if (!send(10, payload)) hold(socket);
          } else if (opcode === 1) throw new FrameError(1003, 'text, and only binary messages are carried');
          else if (opcode !== 10 && !isClosing) {
            received += payload.length;
            if (!upstream.write(payload)) hold(upstream);
          }
        }
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        isBroken = true;
        close(error.code, error.message, `the client broke the rules: ${error.message}`);
      }
    };
    socket.on('data', take);
    upstream.on('data', (chunk: Buffer) => {
      timer?.refresh();
      sent += chunk.length;
      if (isClosing) return;
      if (!send(2, chunk)) {
        upstream.pause();
        socket.once('drain', () => upstream.resume());
      }
    });
    upstream.once('end', () => close(1000, '', 'by the server'));
    upstream.on('error', (error) => close(1011, 'the server failed', `the server failed: ${reasonOf(error)}`));
    socket.once('end', () => {
      ended ??= 'by the client';
      upstream.end();
      socket.end();
    });
    socket.on('error', (error) => {
      ended ??= `the client failed: ${reasonOf(error)}`;
    });
    const over = (): void => {
      if (!socket.destroyed || !upstream.destroyed) return;
      clearTimeout(timer);
      resolve({ ended: ended ?? 'by the client', received, sent });
    };
    socket.once('close', () => {
      upstream.end(() => upstream.destroy());
      over();
    });
    upstream.once('close', () => {
      close(1000, '', 'by the server');
      over();
    });
    if (head.length > 0) take(head);
    socket.resume();
  });
}

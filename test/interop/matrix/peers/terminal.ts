import type { Child } from '../../../support/child.ts';
import { payload } from '../talk.ts';
import type { ConnectReport } from '../types.ts';

/** Clients that are programs for a terminal: what is written to them is sent, what they print came back. */

const PIECE = 4_096;

/** Sends, waits for all of it to come back, and closes. */
export async function converse(
  child: Child,
  bytes: number,
  more: () => Partial<ConnectReport> = () => ({}),
): Promise<ConnectReport> {
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  const sent = payload(bytes);
  // In two parts, so that there is something to send after the other side has spoken.
  for (const [from, to] of [
    [0, Math.min(PIECE, bytes)],
    [PIECE, bytes],
  ] as const) {
    if (from >= to) continue;
    child.write(sent.subarray(from, to));
    while (!ended && !has(child, sent.subarray(0, to)))
      await new Promise((resolve) => setTimeout(resolve, to > 1_000_000 ? 100 : 10));
    if (!has(child, sent.subarray(0, to))) return { error: child.output().slice(-600) };
  }
  const report = more();
  // Time for what the other side does by itself: where it closes first, the end of our input must not come before that.
  await Promise.race([child.exited, new Promise((resolve) => setTimeout(resolve, 150))]);
  child.endInput();
  const patience = setTimeout(() => void child.stop(), 3_000);
  await child.exited;
  clearTimeout(patience);
  return report;
}

function has(child: Child, wanted: Buffer): boolean {
  const output = child.outputBytes();
  return (
    output.length >= wanted.length && Buffer.from(output.buffer, output.byteOffset, output.length).includes(wanted)
  );
}

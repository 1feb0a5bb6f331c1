import { expect, it } from 'vitest';
import { drive } from '../../src/transport/index.ts';
import { makeClient, makeServer } from '../support/pair.ts';
import { pipe } from '../runtimes/two-ends.ts';

/** What has arrived before both directions ended belongs to the program, however slowly it reads. */
it('a program that reads slowly gets everything that came before the end', async () => {
  const [ours, theirs] = pipe();
  const options = { allowHalfOpen: true, closeTimeout: 5_000 };
  const [client, server] = await Promise.all([
    drive(makeClient(), ours, options),
    drive(makeServer(), theirs, options),
  ]);
  const sent = 400_000;
  const write = async (): Promise<void> => {
    const writer = server.writable.getWriter();
    for (let at = 0; at < sent; at += 10_000) await writer.write(new Uint8Array(10_000));
    await writer.close();
  };
  const read = async (): Promise<number> => {
    let length = 0;
    for (const reader = client.readable.getReader(); ; ) {
      // Longer than it takes until the rest is there and the other end is gone.
      await new Promise((resolve) => setTimeout(resolve, 5));
      const { done, value } = await reader.read();
      if (done) return length;
      length += value.length;
    }
  };
  const nothing = server.readable.getReader().read();
  const [received] = await Promise.all([read(), write(), client.writable.close()]);
  expect(await nothing).toMatchObject({ done: true });
  expect(received).toBe(sent);
  await Promise.all([client.closed, server.closed]);
});

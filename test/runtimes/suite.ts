/**
 * What has to work in every runtime. Pure: no test framework, nothing of Node, nothing of a page; run.ts bundles it
 * and each runner carries it into its runtime.
 */

export interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

interface Case {
  readonly name: string;
  /** Throws when it fails; what it returns is shown. */
  run(): Promise<string>;
}

export async function run(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name, run } of CASES) {
    const outcome = await run().then(
      (detail) => ({ name, ok: true, detail }),
      (error: unknown) => ({ name, ok: false, detail: describe(error) }),
    );
    outcomes.push(outcome);
  }
  return outcomes;
}

const MEGABYTE = 1 << 20;

const CASES: readonly Case[] = [
  {
    name: 'what is here',
    run: async () => {
      const random = crypto.getRandomValues(new Uint8Array(32));
      check(
        random.some((byte) => byte !== 0),
        'no random numbers',
      );
      return `crypto.subtle ${crypto.subtle === undefined ? 'missing' : 'there'}`;
    },
  },
  {
    name: 'a pipe carries 1 MB each way',
    run: async () => {
      const [a, b] = pipe();
      await Promise.all([exchange(a, 1), exchange(b, 2)]);
      return '';
    },
  },
];

interface Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** Two ends of a wire that exists in memory only. */
function pipe(): [Duplex, Duplex] {
  const there = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 16 });
  const back = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 16 });
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ];
}

/** Sends a megabyte made from `seed`, ends, and checks that the megabyte of the other seed comes, and the end. */
async function exchange({ readable, writable }: Duplex, seed: 1 | 2): Promise<void> {
  const send = async (): Promise<void> => {
    const writer = writable.getWriter();
    const data = pattern(seed);
    for (let at = 0; at < data.length; at += 50_000) await writer.write(data.slice(at, at + 50_000));
    await writer.close();
  };
  const receive = async (): Promise<void> => {
    const expected = pattern(seed === 1 ? 2 : 1);
    const reader = readable.getReader();
    let at = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      for (const byte of value) check(byte === expected[at++], `byte ${at - 1} differs`);
    }
    check(at === MEGABYTE, `${at} bytes came`);
  };
  await Promise.all([send(), receive()]);
}

function pattern(seed: number): Uint8Array {
  const bytes = new Uint8Array(MEGABYTE);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 8) * seed) & 255;
  return bytes;
}

function check(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { readonly code?: string }).code;
  return `${error.name}${code === undefined ? '' : ` ${code}`}: ${error.message}`;
}

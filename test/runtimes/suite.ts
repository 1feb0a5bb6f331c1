/**
 * What has to work in every runtime. Pure: no test framework, nothing of Node, nothing of a page; run.ts bundles it
 * and each runner carries it into its runtime.
 */
import { autoProvider } from '../../src/crypto/auto.ts';
import { checkProvider } from '../../src/crypto/conformance/index.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { hasNodeCrypto, nodeProvider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider } from '../../src/crypto/types.ts';
import { hasWebCrypto, webCryptoProvider } from '../../src/crypto/webcrypto/index.ts';
import { dataChannelPipe, messagePortPipe } from '../../src/pipes/index.ts';
import type { ByteDuplex, TlsStream } from '../../src/transport/index.ts';
import { identity, join } from './two-ends.ts';

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
    const outcome = await inTime(run()).then(
      (detail) => ({ name, ok: true, detail }),
      (error: unknown) => ({ name, ok: false, detail: describe(error) }),
    );
    outcomes.push(outcome);
  }
  return outcomes;
}

/** A hang is a failure like any other. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('not done in 60 seconds')), 60_000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const MEGABYTE = 1 << 20;

/** What a case answers where the runtime does not have what it is about. */
export const THERE_IS_NONE = 'there is none';
/** The case that measures. */
export const SPEED = 'what it costs';

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
    name: 'one-way handshake, 1 MB each way',
    run: async () => {
      const provider = nobleProvider();
      const { credential, verifier } = await identity(provider, 'server');
      const outcome = await join(
        { crypto: provider, verifier, serverName: 'localhost', alpn: ['a', 'b'] },
        { crypto: provider, credential, alpn: ['b'] },
      );
      return finish(...succeeded(outcome));
    },
  },
  {
    name: 'the best provider of this runtime conforms',
    run: () => conforms(autoProvider()),
  },
  {
    name: 'what its WebCrypto lacks, noble does',
    run: async () => (hasWebCrypto() ? `alone: ${await lacking(webCryptoProvider())}` : THERE_IS_NONE),
  },
  {
    name: 'what its node:crypto lacks, another does',
    run: async () => (hasNodeCrypto() ? `alone: ${await lacking(nodeProvider())}` : THERE_IS_NONE),
  },
  {
    name: 'one-way handshake with the best provider, 1 MB each way',
    run: async () => {
      const provider = autoProvider();
      const { credential, verifier } = await identity(provider, 'server');
      const outcome = await join(
        { crypto: provider, verifier, serverName: 'localhost', alpn: ['a', 'b'] },
        { crypto: provider, credential, alpn: ['b'] },
      );
      return `${provider.name}: ${await finish(...succeeded(outcome))}`;
    },
  },
  {
    name: 'mutual handshake, 1 MB each way',
    run: async () => {
      const provider = nobleProvider();
      const [us, them] = await Promise.all([identity(provider, 'client'), identity(provider, 'server')]);
      const outcome = await join(
        { crypto: provider, verifier: them.verifier, serverName: 'localhost', credential: us.credential },
        { crypto: provider, credential: them.credential, clientAuth: 'require', verifier: us.verifier },
      );
      return finish(...succeeded(outcome));
    },
  },
  {
    name: 'over a message port, 1 MB each way',
    run: async () => {
      if (typeof MessageChannel === 'undefined') return THERE_IS_NONE;
      const { port1, port2 } = new MessageChannel();
      return await carries([messagePortPipe(port1), messagePortPipe(port2)]);
    },
  },
  {
    name: 'over a data channel, 1 MB each way',
    run: async () => (typeof RTCPeerConnection === 'undefined' ? THERE_IS_NONE : await carries(await channels())),
  },
  { name: SPEED, run: () => costs(autoProvider()) },
  {
    name: 'a server that is another is refused',
    run: async () => {
      const provider = nobleProvider();
      const [expected, other] = await Promise.all([identity(provider, 'server'), identity(provider, 'impostor')]);
      const [ours, theirs] = await join(
        { crypto: provider, verifier: expected.verifier, serverName: 'localhost' },
        { crypto: provider, credential: other.credential },
      );
      const codes = [ours, theirs].map((end) => (end.status === 'rejected' ? codeOf(end.reason) : 'accepted'));
      check(codes[0] === 'ERR_PEER_REFUSED', `the client said ${codes[0]}`);
      check(codes[1] !== 'accepted', 'the server took it');
      return codes.join(', ');
    },
  },
  {
    name: 'a client without a certificate is refused',
    run: async () => {
      const provider = nobleProvider();
      const [us, them] = await Promise.all([identity(provider, 'client'), identity(provider, 'server')]);
      const [, theirs] = await join(
        { crypto: provider, verifier: them.verifier, serverName: 'localhost' },
        { crypto: provider, credential: them.credential, clientAuth: 'require', verifier: us.verifier },
      );
      const code = theirs.status === 'rejected' ? codeOf(theirs.reason) : 'accepted';
      check(code === 'ERR_CERTIFICATE_REQUIRED', `the server said ${code}`);
      return code;
    },
  },
];

async function carries(ends: readonly [ByteDuplex, ByteDuplex]): Promise<string> {
  const provider = autoProvider();
  const { credential, verifier } = await identity(provider, 'server');
  const client = { crypto: provider, verifier, serverName: 'localhost' };
  return finish(...succeeded(await join(client, { crypto: provider, credential }, ends)));
}

/** Milliseconds for both ends of a handshake, and megabytes a second for sealing and opening. No more than a hint. */
async function costs(provider: CryptoProvider): Promise<string> {
  const { credential, verifier } = await identity(provider, 'server');
  const once = async () =>
    succeeded(await join({ crypto: provider, verifier, serverName: 'localhost' }, { crypto: provider, credential }));
  for (let i = 0; i < 5; i++) await once();
  const handshakes: number[] = [];
  let ends = await once();
  for (let i = 0; i < 11; i++) {
    const began = performance.now();
    ends = await once();
    handshakes.push(performance.now() - began);
  }
  const began = performance.now();
  const writer = ends[0].writable.getWriter();
  const sent = (async () => {
    for (let i = 0; i < 256; i++) await writer.write(new Uint8Array(65_536));
    await writer.close();
  })();
  const reader = ends[1].readable.getReader();
  while (!(await reader.read()).done);
  await sent;
  const seconds = (performance.now() - began) / 1000;
  // Workers stop the clock while they compute.
  if (seconds === 0) return 'the clock stands still';
  const middle = handshakes.sort((a, b) => a - b)[5]!;
  return `${middle.toFixed(1)} ms, ${(16 / seconds).toFixed(0)} MB/s`;
}

/** Both ends of a data channel between two peers in one page. */
async function channels(): Promise<[ByteDuplex, ByteDuplex]> {
  const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate ?? undefined);
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate ?? undefined);
  const ours = dataChannelPipe(a.createDataChannel('tls'));
  const theirs = new Promise<ByteDuplex>((resolve) => {
    b.ondatachannel = ({ channel }) => resolve(dataChannelPipe(channel));
  });
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription!);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription!);
  return [ours, await theirs];
}

async function conforms(provider: CryptoProvider): Promise<string> {
  const checks = await checkProvider(provider);
  const [failed] = checks.filter(({ ok }) => !ok);
  check(failed === undefined, `${failed?.name}: ${failed?.why}`);
  return `${provider.name}, ${checks.length} checks`;
}

/** Not a fault: a runtime has what it has, and `auto` is there for the rest. Named so that it can be seen. */
async function lacking(provider: CryptoProvider): Promise<string> {
  const checks = await checkProvider(provider);
  const failed = checks.filter(({ ok }) => !ok).map(({ name }) => name.split(':')[0]!);
  return failed.length === 0 ? `all ${checks.length} checks` : `without ${[...new Set(failed)].join(', ')}`;
}

type Ends = Awaited<ReturnType<typeof join>>;

function succeeded([client, server]: Ends): [TlsStream, TlsStream] {
  if (client.status === 'rejected') throw client.reason;
  if (server.status === 'rejected') throw server.reason;
  return [client.value, server.value];
}

/** Data both ways, a clean end both ways, the same facts and the same exported key on both sides. */
async function finish(client: TlsStream, server: TlsStream): Promise<string> {
  const [ours, theirs] = [client, server].map((end) => end.exportKey('EXPERIMENTAL warifu', undefined, 32).join());
  check(ours === theirs, 'the exported keys differ');
  await Promise.all([exchange(client, 1), exchange(server, 2)]);
  await Promise.all([client.closed, server.closed]);
  return `${client.info.suite?.name}, ${client.info.group?.name}`;
}

/** Sends a megabyte made from `seed`, ends, and checks that the megabyte of the other seed comes, and the end. */
async function exchange({ readable, writable }: TlsStream, seed: 1 | 2): Promise<void> {
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

function codeOf(error: unknown): string {
  return (error as { readonly code?: string }).code ?? String(error);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { readonly code?: string }).code;
  return `${error.name}${code === undefined ? '' : ` ${code}`}: ${error.message}`;
}

/**
 * Shows what a handshake is: `npm run demo`. One-way and mutual, over a pipe in memory; then four that have to fail;
 * then, where OpenSSL is installed, the same with it as the other side.
 */
import { connect as connectTcp } from 'node:net';
import {
  accept,
  type AcceptOptions,
  connect,
  type ConnectOptions,
  type TlsError,
  type TlsStream,
} from '../src/index.ts';
import { drawText, type Recorder, recordLadder } from '../src/inspect/index.ts';
import { accept as acceptSocket, connect as connectSocket } from '../src/node/index.ts';
import { hasOpenssl, opensslClient, opensslServer } from '../test/support/openssl.ts';
import { clientEntry, type Entry, faultyEntry, serverEntry, trustedRootsPem } from '../test/support/pki.ts';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { memoryPipe } from '../src/pipes/index.ts';
import { sideBySide } from './side-by-side.ts';

const anchors = trustedRootsPem();
const width = Math.max(76, Math.min(process.stdout.columns ?? 100, 120));
const colour = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
let failures = 0;

await story(
  'One-way: the server shows who it is',
  'The client says what it can do, the server answers with its certificate and a signature; the client checks them.',
  { serverName: 'server.example', anchors, alpn: ['h2', 'http/1.1'] },
  { credential: source(serverEntry()), alpn: ['http/1.1'] },
);
await story(
  'Mutual: the client shows who it is, too',
  'The server asks for a certificate; the client answers only once it knows who asks.',
  { serverName: 'server.example', anchors, credential: source(clientEntry()) },
  { credential: source(serverEntry()), clientAuth: 'require', anchors },
);

for (const mutual of [false, true]) {
  heading(
    mutual ? 'Mutual, as books tell it and as it is today' : 'One-way, as books tell it and as it is today',
    'The same certificates, twice: RSA key exchange, which is off unless asked for, and TLS 1.3. {…} and […] are encrypted.',
  );
  const rsa = source(serverEntry('rsa-2048'));
  const { text, missing } = await sideBySide(mutual, {
    client: { serverName: 'server.example', anchors, ...(mutual && { credential: source(clientEntry()) }) },
    server: { credential: rsa, ...(mutual && { clientAuth: 'require', anchors }) },
    width,
  });
  say(text);
  failures += missing;
}

heading('What is refused, and how it is said');
await refusal(
  'an expired certificate',
  { serverName: 'server.example', anchors },
  { credential: source(faultyEntry('expired')) },
);
await refusal(
  'a certificate for another name',
  { serverName: 'server.example', anchors },
  { credential: source(faultyEntry('wrongName')) },
);
await refusal(
  'a certificate of an issuer that is not trusted',
  { serverName: 'server.example', anchors },
  { credential: source(faultyEntry('untrusted')) },
);
await refusal(
  'a client without a certificate',
  { serverName: 'server.example', anchors },
  { credential: source(serverEntry()), clientAuth: 'require', anchors },
);

if (hasOpenssl()) {
  await withOpensslServer('One-way, with openssl s_server', false);
  await withOpensslServer('Mutual, with openssl s_server', true);
  await withOpensslClient('One-way, with openssl s_client', false);
  await withOpensslClient('Mutual, with openssl s_client', true);
  await refusedOpensslServer();
} else {
  say('\nOpenSSL is not installed here, so the other side was always ours.');
}

say(failures === 0 ? '\nAll as it should be.' : `\n${failures} of these did not end as they should.`);
process.exit(failures === 0 ? 0 : 1);

/** Runs both sides over a pipe in memory, and draws what went by. */
async function story(title: string, text: string, client: ConnectOptions, server: AcceptOptions): Promise<void> {
  heading(title, text);
  const recorder = recordLadder();
  const [ours, theirs] = memoryPipe();
  const [a, b] = await Promise.all([
    connect(ours, { ...client, onTrace: recorder.onTrace }),
    accept(theirs, { ...server, onTrace: notesOnly(recorder) }),
  ]);
  await exchange(a, b);
  draw(recorder);
  describe(a, b);
}

async function refusal(what: string, client: ConnectOptions, server: AcceptOptions): Promise<void> {
  const recorder = recordLadder();
  const [ours, theirs] = memoryPipe();
  const results = await Promise.allSettled([
    connect(ours, { ...client, onTrace: recorder.onTrace }),
    accept(theirs, { ...server, onTrace: notesOnly(recorder) }),
  ]);
  // A client that sends its Finished may think that all is well until the server's alert comes.
  const streams = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const late = await Promise.allSettled(streams.map((stream) => stream.closed));
  const errors = [...results, ...late].flatMap((result) =>
    result.status === 'rejected' ? [result.reason as TlsError] : [],
  );
  const cause = errors.find((error) => error.code !== 'ERR_ALERT_RECEIVED');
  if (cause === undefined) failures++;
  say(`\n${bold(what)}`);
  draw(recorder);
  for (const error of errors) {
    say(`  ${wrap(error.failure === undefined ? error.message : `${error.code}: ${error.failure.message}`, 4)}`);
    if (error.failure?.rfc !== undefined) say(`    ${error.failure.code}, ${error.failure.rfc}`);
  }
}

async function withOpensslServer(title: string, mutual: boolean): Promise<void> {
  heading(title);
  const peer = await opensslServer({
    version: '1.3',
    credential: pem(serverEntry()),
    mode: 'reverse',
    ...(mutual && { clientAuth: 'require', anchors }),
  });
  const recorder = recordLadder();
  const socket = connectTcp(peer.port, '127.0.0.1');
  const tls = await connectSocket(socket, {
    serverName: 'server.example',
    anchors,
    ...(mutual && { credential: source(clientEntry()) }),
    onTrace: recorder.onTrace,
  }).secured();
  // It ends by being stopped, which is no news.
  tls.on('error', () => {});
  tls.write('fits, not does it\n');
  const [answer] = (await once(tls, 'data')) as [Buffer];
  tls.end();
  draw(recorder);
  say(`  OpenSSL, asked to turn it round, answered: ${answer.toString().trim()}`);
  await peer.stop();
}

async function refusedOpensslServer(): Promise<void> {
  heading('Refused: openssl s_server with an expired certificate');
  const peer = await opensslServer({ version: '1.3', credential: pem(faultyEntry('expired')), mode: 'reverse' });
  const recorder = recordLadder();
  const socket = connectTcp(peer.port, '127.0.0.1');
  const error = await connectSocket(socket, { serverName: 'server.example', anchors, onTrace: recorder.onTrace })
    .secured()
    .then(
      () => undefined,
      (reason: unknown) => reason as TlsError,
    );
  if (error?.failure?.code !== 'CERT_EXPIRED') failures++;
  draw(recorder);
  say(`  ${wrap(error?.message ?? 'it was taken', 4)}`);
  await peer.stop();
}

async function withOpensslClient(title: string, mutual: boolean): Promise<void> {
  heading(title);
  const recorder = recordLadder();
  const listener = createServer({ allowHalfOpen: true });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const peer = opensslClient({
    port: (listener.address() as AddressInfo).port,
    version: '1.3',
    serverName: 'server.example',
    verifyName: 'server.example',
    anchors,
    ...(mutual && { credential: pem(clientEntry()) }),
  });
  const [socket] = (await once(listener, 'connection')) as [Socket];
  const tls = await acceptSocket(socket, {
    credential: source(serverEntry()),
    ...(mutual && { clientAuth: 'require', anchors }),
    onTrace: recorder.onTrace,
  }).secured();
  tls.on('error', () => {});
  tls.end('the halves fit\n');
  await peer.waitFor(/the halves fit/);
  draw(recorder);
  const verdict = /Verify return code: .*/.exec(peer.output())?.[0];
  say(`  OpenSSL about our certificate: ${verdict}`);
  await peer.stop();
  listener.close();
}

async function exchange(client: TlsStream, server: TlsStream): Promise<void> {
  const send = async (stream: TlsStream, text: string): Promise<void> => {
    const writer = stream.writable.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  };
  const receive = async (stream: TlsStream): Promise<void> => {
    for await (const _ of stream.readable as unknown as AsyncIterable<Uint8Array>);
  };
  await Promise.all([send(client, 'hello'), receive(server)]);
  await Promise.all([send(server, 'and hello to you'), receive(client)]);
}

function describe(client: TlsStream, server: TlsStream): void {
  const { suite, group, peerSignatureScheme, alpn } = client.info;
  const parts = [suite?.name, group?.name, `server signed with ${peerSignatureScheme?.name}`];
  if (server.info.peerSignatureScheme !== undefined)
    parts.push(`client signed with ${server.info.peerSignatureScheme.name}`);
  if (alpn !== undefined) parts.push(`ALPN ${alpn}`);
  say(`  agreed: ${parts.join(', ')}`);
  for (const [who, stream] of [
    ['server', client],
    ['client', server],
  ] as const) {
    const { verdict, identities } = stream.info.peer ?? {};
    if (verdict?.ok !== true || identities === undefined) continue;
    const names = [...identities.dns, ...identities.emails, ...identities.uris].slice(0, 4).join(', ');
    say(`  the ${who} is ${identities.subject} (${names}), by a path of ${verdict.path.length} certificates`);
  }
}

/** Of the other side only what it found out: its messages have been seen going by. */
function notesOnly(recorder: Recorder): Recorder['onTrace'] {
  return (event) => {
    if (event.type === 'note') recorder.onTrace(event);
  };
}

function draw(recorder: Recorder): void {
  say(drawText(recorder.rungs, { width }));
}

function source(entry: Entry): { readonly certificates: string; readonly privateKey: string } {
  return { certificates: entry.chain.join('\n'), privateKey: entry.key };
}

function pem(entry: Entry): { readonly chain: string; readonly key: string } {
  return { chain: entry.chain.join('\n'), key: entry.key };
}

function heading(title: string, text?: string): void {
  say(`\n${bold(title)}\n${'─'.repeat(title.length)}`);
  if (text !== undefined) say(wrap(text, 0));
}

function bold(text: string): string {
  return colour ? `\u001b[1m${text}\u001b[0m` : text;
}

function wrap(text: string, indent: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1]!;
    if (last.length + word.length + 1 > width - indent && last !== '') lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

function say(text: string): void {
  console.log(text);
}

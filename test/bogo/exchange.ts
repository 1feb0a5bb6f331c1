import { Alert, TlsError } from '../../src/errors.ts';
import { Connection } from './connection.ts';
import { checkInfo, checkMessages, checkResumption, checkTickets, Mismatch } from './expectations.ts';
import { type CommandLine, type ConnectionFlags, type Flags, Unimplemented } from './flags.ts';
import { firstWords, makeEngine, newShared, type Setup, type Shared } from './setup.ts';

/** One test: its connections, one after the other. */

export interface Outcome {
  /** 0: as expected; 1: it failed; 89: not implemented; 90: a crash. */
  readonly status: number;
  readonly stderr: string;
}

export async function runTest(line: CommandLine, signal: AbortSignal): Promise<Outcome> {
  const shared = newShared();
  const count = 1 + (line.initial.flags.number('resume-count') ?? 0);
  for (let i = 0; i < count; i++) {
    const connection = i === 0 ? line.initial : line.resume;
    try {
      await runConnection({ connection, retry: line.retry, shared, resumed: i > 0, signal });
    } catch (error) {
      return outcomeOf(error, i + 1);
    }
    shared.offered = shared.received;
    shared.received = undefined;
    shared.now += 1000 * (connection.flags.number('resumption-delay') ?? 0);
  }
  return { status: 0, stderr: '' };
}

function outcomeOf(error: unknown, connection: number): Outcome {
  const say = (status: number, text: string): Outcome => ({
    status,
    stderr: `Connection ${connection} failed.\n${text}\n`,
  });
  if (error instanceof Unimplemented) return { status: 89, stderr: `not implemented: ${error.message}\n` };
  if (error instanceof Mismatch) return say(1, `MISMATCH ${error.message}`);
  if (error instanceof TlsError && error.code !== 'ERR_INTERNAL') {
    // A callback of the shim that found an expectation unmet.
    if (error.cause instanceof Mismatch) return say(1, `MISMATCH ${error.cause.message}`);
    return say(1, describe(error));
  }
  return say(90, `CRASH ${stackOf(error)}`);
}

function describe(error: TlsError): string {
  const reason = error.failure === undefined ? '' : ` ${error.failure.code}`;
  const received = error.alertReceived === undefined ? '' : ` alert ${error.alertReceived}`;
  return `${error.code}:${reason}${received} ${error.message}`;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack}${error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`}`;
}

interface Run {
  readonly connection: ConnectionFlags;
  /** Takes the place of `connection` when early data was refused. */
  readonly retry: ConnectionFlags;
  readonly shared: Shared;
  readonly resumed: boolean;
  readonly signal: AbortSignal;
}

async function runConnection(run: Run): Promise<void> {
  const { connection, shared, resumed, signal } = run;
  const { flags } = connection;
  if (resumed && !flags.has('server') && shared.offered === undefined)
    throw new Mismatch('there is no session to offer');
  const setup = await makeEngine(connection, run.retry.flags, shared, resumed);
  const tls = await Connection.open(
    setup.engine,
    {
      port: flags.number('port')!,
      ipv6: flags.has('ipv6'),
      shimId: BigInt(flags.text('shim-id')!),
      piecewise: flags.has('async'),
    },
    signal,
  );
  try {
    await exchange(tls, setup, run);
  } finally {
    await tls.close();
  }
  checkMessages(flags, setup.events);
}

async function exchange(tls: Connection, setup: Setup, run: Run): Promise<void> {
  await tls.handshake();
  const { info } = tls.engine;
  const { earlyData } = info;
  const sentEarly = earlyData !== undefined && earlyData.bytes > 0 && !run.connection.flags.has('server');
  // To a client whose early data is refused, the tests speak as to a new connection.
  const refused = sentEarly && !earlyData.accepted;
  if (refused && !run.connection.flags.has('expect-reject-early-data'))
    throw new Mismatch(`early data was refused: ${earlyData.reason}`);
  const { flags } = refused ? run.retry : run.connection;
  const check = (): void => {
    if (flags.has('implicit-handshake')) return;
    checkInfo(flags, info, setup.chosen());
    checkResumption(flags, info, run.resumed);
  };
  // A server that answers early data does not know yet who it is talking to.
  const early = !tls.established;
  if (!early) check();
  sendSecrets(tls, setup, flags);
  if (flags.has('send-alert')) {
    // A fatal alert of the program's own choice.
    tls.engine.abort(new TlsError('ERR_CALLBACK_FAILED', { alert: Alert.decompressionFailure }));
    await tls.read(1).catch(() => undefined);
    return;
  }
  writeFirst(tls, flags, sentEarly && !refused ? earlyData.bytes : 0);
  if (!flags.has('shim-shuts-down')) await echo(tls, flags);
  if (!tls.established) throw new Mismatch('the handshake was not completed');
  if (early) check();
  checkTickets(flags, info, run.shared, run.resumed);
  await shutDown(tls, flags);
}

/** Keying material and traffic secrets, as the test wants them: as application data. */
function sendSecrets(tls: Connection, { secrets }: Setup, flags: Flags): void {
  const length = flags.number('export-keying-material') ?? 0;
  if (length > 0) {
    const context = flags.has('use-export-context') ? latin1(flags.text('export-context') ?? '') : undefined;
    tls.act((engine) => engine.send(engine.exportKey(flags.text('export-label') ?? '', context, length)));
  }
  if (flags.has('export-traffic-secrets')) {
    const [ours, theirs] = flags.has('server') ? ['SERVER', 'CLIENT'] : ['CLIENT', 'SERVER'];
    const read = secrets.get(`${theirs}_TRAFFIC_SECRET_0`)!;
    const write = secrets.get(`${ours}_TRAFFIC_SECRET_0`)!;
    tls.act((engine) => engine.send(Uint8Array.of(read.length & 255, read.length >> 8, ...read, ...write)));
  }
}

/** @param sent bytes of it that have gone as early data. */
function writeFirst(tls: Connection, flags: Flags, sent: number): void {
  if (flags.has('read-with-unfinished-write')) {
    tls.hold();
    tls.act((engine) => engine.send(latin1(flags.text('shim-initial-write') ?? 'hello')));
  } else {
    const words = firstWords(flags)?.slice(sent);
    if (words !== undefined && words.length > 0) tls.act((engine) => engine.send(words));
  }
}

/** Sends back what comes, every bit turned over. */
async function echo(tls: Connection, flags: Flags): Promise<void> {
  const most = flags.number('read-size') || 512;
  for (;;) {
    if (flags.has('key-update-before-read')) tls.act((engine) => engine.updateKeys());
    const bytes = await tls.read(most);
    if (bytes === undefined) return;
    tls.release();
    if (flags.has('key-update')) tls.act((engine) => engine.updateKeys());
    tls.act((engine) => engine.send(bytes.map((byte) => byte ^ 0xff)));
  }
}

/** Without -check-close-notify there is no goodbye. */
async function shutDown(tls: Connection, flags: Flags): Promise<void> {
  if (!flags.has('check-close-notify')) return;
  tls.act((engine) => engine.close());
  // A peer that ends without reading on is told that something was there.
  if (flags.has('shim-shuts-down') && (await tls.read(1 << 20)) !== undefined)
    throw new Mismatch('the peer sent data that will not be read');
  if (!tls.ended) throw new Mismatch('the peer left without close_notify');
}

function latin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

import { FIRST_SETTING, settingAfter } from '../../inspect/codecs.ts';
import { dump } from '../../inspect/dump.ts';
import { liveText } from '../../inspect/draw-text.ts';
import { handshakeTypeName } from '../../inspect/names.ts';
import { DerError } from '../../bytes/der.ts';
import type { TraceEvent } from '../../handshake/config.ts';
import { readCertificate } from '../../pki/x509/certificate.ts';
import { shortNameText } from '../../pki/x509/general-name-text.ts';
import type { Command, Given } from '../command.ts';
import { EXIT, usage } from '../failure.ts';
import { readFile, type Terminal } from '../terminal.ts';
import { type Attempt, attempt } from './attempt.ts';
import { Observed } from './observed.ts';
import {
  keyLogTo,
  makeContext,
  makeJudge,
  OFFER_OPTIONS,
  readCredential,
  readOffer,
  readTrust,
  serverNameOf,
  TRUST_OPTIONS,
} from './options.ts';
import { Capture } from './pcap.ts';
import { leave, pipe } from './pipe.ts';
import { type Report, reportOf } from './report.ts';
import { STARTTLS, STARTTLS_NAMES } from './starttls.ts';
import { readTarget, type Target } from './target.ts';
import { reportText } from './text.ts';
import { jsonText } from '../json-text.ts';

/** `warifu connect` */
export const connectCommand: Command = {
  name: 'connect',
  summary: 'connect to a server: who it is, what was agreed on, and why not',
  operands: 'HOST[:PORT]',
  help: `
Connects as a client and says what there is to say: a verdict for each certificate, and what was agreed on. What comes
through a pipe or from a file is sent to the server, and what it answers goes to standard output; the report goes to
standard error then. Port: 443, or that of the protocol of --starttls.

A server that is refused is sent nothing. There is no option that trusts it all the same: --anchors names whom to trust,
--diagnose finishes the handshake to look at the rest, and sends nothing either.

Exit codes: 0 the handshake was done and the server is who it has to be; 1 it is not, or there was no agreement, or data
was cut off; 2 the command line is wrong; 3 there was no connection, or a file cannot be read.

  warifu connect example.com
  warifu connect localhost:8443 --anchors ca/root.crt --certificate ca/client.crt --key ca/client.key --explain
  warifu connect mail.example.com --starttls smtp
  printf 'GET / HTTP/1.0\\r\\nHost: example.com\\r\\n\\r\\n' | warifu connect example.com --alpn http/1.1
  warifu connect example.com --resume --pcap capture.pcapng
`,
  options: {
    ...TRUST_OPTIONS,
    ...OFFER_OPTIONS,
    starttls: { type: 'string', value: 'PROTOCOL', words: STARTTLS_NAMES, help: STARTTLS_NAMES.join(', ') },
    explain: { type: 'boolean', short: 'e', help: 'draw the handshake while it happens' },
    bytes: { type: 'boolean', help: 'show every byte of its messages, and what it means' },
    resume: { type: 'boolean', help: 'connect a second time, with the session of the first' },
    'early-data': { type: 'string', value: 'FILE', help: 'send this with the first flight of the second connection' },
    diagnose: { type: 'boolean', help: 'finish the handshake with a server that is refused; send nothing' },
    keylog: { type: 'string', value: 'FILE', help: 'append the secrets to it (RFC 9850): who has them can read all' },
    pcap: { type: 'string', value: 'FILE', help: 'capture the connection as pcapng, with its secrets in it' },
    pipe: { type: 'boolean', help: 'send standard input also where it is a terminal' },
    'no-input': { type: 'boolean', short: 'n', help: 'do not read standard input' },
    'half-close': { type: 'boolean', help: 'say close_notify as soon as the input has ended' },
    wait: { type: 'string', value: 'TIME', help: 'for more, when the input has ended (default: 5s)' },
    timeout: { type: 'string', value: 'TIME', help: 'for the connection, and for the handshake (default: 10s)' },
    quiet: { type: 'boolean', short: 'q', help: 'say nothing but what is wrong' },
  },
  run,
};

async function run(given: Given, terminal: Terminal): Promise<number> {
  const startTls = given.oneOf('starttls', STARTTLS_NAMES);
  const [operand, ...more] = given.positionals;
  if (operand === undefined || more.length > 0) throw usage('one HOST[:PORT] is wanted');
  const target = readTarget(operand, startTls === undefined ? 443 : STARTTLS[startTls].port);
  const trust = readTrust(given, terminal);
  const isDiagnosis = given.has('diagnose');
  const isResuming = given.has('resume') || given.text('early-data') !== undefined;
  if (isDiagnosis && isResuming) throw usage('--resume: a session with a server that is refused is not kept');
  if (given.has('pipe') && given.has('no-input')) throw usage('--pipe and --no-input: one of them');
  const judge = makeJudge(trust, given, terminal, isDiagnosis);
  const { serverName, isSent } = serverNameOf(target.host, given);
  const credential = await readCredential(given, terminal);
  const keyLog = given.text('keylog') === undefined ? undefined : keyLogTo(given.text('keylog')!, terminal);
  const earlyFile = given.text('early-data');
  const earlyData = earlyFile === undefined ? undefined : readFile(terminal, earlyFile);
  const isPiping = !isDiagnosis && !given.has('no-input') && (given.has('pipe') || terminal.isPiped());
  const milliseconds = given.time('timeout', 1) ?? 10_000;
  const pcap = given.text('pcap');
  const capture = pcap === undefined ? undefined : new Capture(terminal.path(pcap), pcap);
  const log = (line: string): void => {
    keyLog?.(line);
    capture?.secret(line);
  };
  const context = makeContext(readOffer(given), {
    judge,
    credential,
    isSent,
    keyLog: keyLog === undefined && capture === undefined ? undefined : log,
  });
  // The answer of a script goes to standard output, and nothing else.
  const say = isPiping || given.has('json') ? terminal.note : terminal.print;
  const once = async (
    early: Uint8Array | undefined,
  ): Promise<{ readonly result: Attempt; readonly report: () => Report }> => {
    const observed = new Observed();
    const show = shower(given, terminal, say);
    judge.shown = undefined;
    judge.verdict = undefined;
    const result = await attempt({
      target,
      context,
      serverName,
      startTls,
      earlyData: early,
      capture,
      milliseconds,
      onPlaintext: (line) => given.has('explain') && say(`  ${line}`),
      onTrace: (event) => {
        observed.onTrace(event);
        show.onTrace(event);
      },
    }).finally(show.end);
    const report = (): Report =>
      reportOf(target, result, { judge, observed, startTls, trustedBy: trust.from, now: Date.now() });
    return { result, report };
  };
  try {
    const reports: Report[] = [];
    let last = await once(undefined);
    if (isResuming && last.result.socket !== undefined) {
      await ticketsOf(last.result, last.report);
      reports.push(last.report());
      await leave(last.result.socket);
      last = await once(earlyData);
    }
    return await finish(last, reports, { given, terminal, say, isPiping, target });
  } finally {
    capture?.close();
  }
}

interface Last {
  readonly result: Attempt;
  readonly report: () => Report;
}

async function finish(
  { result, report }: Last,
  before: readonly Report[],
  {
    given,
    terminal,
    say,
    isPiping,
  }: {
    readonly given: Given;
    readonly terminal: Terminal;
    readonly say: (text: string) => void;
    readonly isPiping: boolean;
    readonly target: Target;
  },
): Promise<number> {
  const { socket } = result;
  if (socket !== undefined && !isPiping) {
    await ticketsOf(result, report);
    result.isLeaving = true;
    await leave(socket);
  }
  const told = report();
  const isRefused = !told.ok;
  const tell = (): void => {
    for (const one of [...before, told]) if (!given.has('quiet') || !one.ok) say(reportText(one, terminal));
  };
  const json = (more: object): void =>
    void say(jsonText(before.length === 0 ? { ...told, ...more } : { ...told, ...more, before }));
  if (!isPiping || socket === undefined || isRefused) {
    if (given.has('json')) terminal.print(jsonText(before.length === 0 ? told : { ...told, before }));
    else tell();
    if (socket !== undefined && !socket.destroyed) await leave(socket);
    return isRefused ? EXIT.no : EXIT.ok;
  }
  if (!given.has('json')) tell();
  const wait = given.time('wait', 0) ?? 5_000;
  const { error, sent, received } = await pipe(socket, terminal, { wait, halfClose: given.has('half-close') });
  if (given.has('json')) json({ sent, received, cutOff: error?.message });
  else if (error !== undefined) terminal.note(`warifu: ${error.message}`);
  return error === undefined ? EXIT.ok : EXIT.no;
}

/** Tickets of TLS 1.3 come behind the handshake, soon or never; and so does the refusal of a client. */
async function ticketsOf({ socket, info, times }: Attempt, report: () => Report): Promise<void> {
  if (socket === undefined || info.version !== 'TLSv1.3') return;
  socket.resume();
  const rounds = 15 + Math.ceil(times.dial / 10);
  for (let round = 0; round < rounds && report().tickets === 0 && !socket.destroyed; round++)
    await new Promise((done) => setTimeout(done, 20));
  // The second one usually comes with the first.
  await new Promise((done) => setTimeout(done, 10));
}

interface Shower {
  onTrace(event: TraceEvent): void;
  end(): void;
}

/** What is shown of a handshake while it happens. */
function shower(given: Given, terminal: Terminal, say: (text: string) => void): Shower {
  const live = given.has('explain')
    ? liveText({
        write: (text) => say(text.replace(/\n$/, '')),
        width: Math.min(terminal.columns ?? 78, 110),
        colours: terminal.isColoured,
        now: () => performance.now(),
        certificateText: (der) => subjectOf(der),
      })
    : undefined;
  const isDumping = given.has('bytes');
  let setting = FIRST_SETTING;
  return {
    onTrace: (event) => {
      live?.onTrace(event);
      if (!isDumping || event.type !== 'message') return;
      say(`${event.from}: ${handshakeTypeName(event.handshakeType)}, ${event.epoch}`);
      say(dump(event.raw, setting));
      setting = settingAfter(event.handshakeType, event.raw.subarray(4), setting);
    },
    end: () => live?.end(),
  };
}

function subjectOf(der: Uint8Array): string {
  try {
    return shortNameText(readCertificate(der).subject);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return `a certificate of ${der.length} bytes that cannot be read`;
  }
}

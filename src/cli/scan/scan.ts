import { groupName, suiteName } from '../../inspect/names.ts';
import { GROUP_SECP256R1 } from '../../wire/ids.ts';
import type { Given } from '../command.ts';
import { attempt, type Attempt } from '../connect/attempt.ts';
import { Observed } from '../connect/observed.ts';
import { makeContext, makeJudge, serverNameOf, type Trust } from '../connect/options.ts';
import { leave } from '../connect/pipe.ts';
import { type Report, reportOf } from '../connect/report.ts';
import type { Target } from '../connect/target.ts';
import type { Terminal } from '../terminal.ts';
import { ask } from './raw.ts';
import { GROUPS, GROUPS_12, gradeOf, SUITES_12, SUITES_13 } from './suites.ts';

/** What was found out about a server. */
export interface Scan {
  readonly target: string;
  readonly versions: readonly VersionScan[];
  readonly connection: Report;
  readonly alpn: readonly string[];
  /** Undefined: it was not tried, for the server is not trusted, or asks for a certificate. */
  readonly resumption: boolean | undefined;
  readonly extendedMasterSecret: boolean | undefined;
  readonly findings: readonly Finding[];
}

export interface VersionScan {
  readonly version: string;
  readonly spoken: boolean;
  readonly suites: readonly string[];
  readonly groups: readonly string[];
}

/** Something to mend (`bad`), or to know (`remark`). */
export interface Finding {
  readonly grade: 'bad' | 'remark';
  readonly text: string;
}

const VERSIONS = [
  ['TLS 1.3', 0x0304],
  ['TLS 1.2', 0x0303],
  ['TLS 1.1', 0x0302],
  ['TLS 1.0', 0x0301],
  ['SSL 3', 0x0300],
] as const;

export interface ScanOptions {
  readonly target: Target;
  readonly trust: Trust;
  readonly given: Given;
  readonly terminal: Terminal;
  readonly milliseconds: number;
  /** Days that the certificates have to be valid. */
  readonly days: number;
  readonly progress: (what: string) => void;
}

/** @throws Failure when there is no connection at all. */
export async function scan(options: ScanOptions): Promise<Scan> {
  const { target, given, milliseconds, progress } = options;
  const { serverName } = serverNameOf(target.host, given);
  const versions: VersionScan[] = [];
  for (const [name, version] of VERSIONS) {
    progress(name);
    versions.push(await scanVersion(options, serverName, name, version, milliseconds));
  }
  progress('certificates');
  const connection = await handshake(options, []);
  const spoken = (name: string): boolean => versions.some((one) => one.version === name && one.spoken);
  const alpn: string[] = [];
  for (const protocol of ['h2', 'http/1.1']) {
    progress(`the protocol ${protocol}`);
    const { negotiated } = await handshake(options, [protocol]);
    if (negotiated.alpn === protocol) alpn.push(protocol);
  }
  progress('sessions');
  // With a server that wants to know who we are it would need a certificate of ours.
  const resumption = connection.ok && !connection.clientCertificate.asked ? await resumes(options) : undefined;
  const old = spoken('TLS 1.2') ? await handshake(options, [], '1.2') : undefined;
  const found = {
    target: connection.target,
    versions,
    connection,
    alpn,
    resumption,
    extendedMasterSecret: old?.negotiated.extendedMasterSecret,
  };
  return { ...found, findings: findingsOf(found, options.days) };
}

async function scanVersion(
  { target }: ScanOptions,
  serverName: string,
  name: string,
  version: number,
  milliseconds: number,
): Promise<VersionScan> {
  const groups = version === 0x0304 ? GROUPS : GROUPS_12;
  const all = version === 0x0304 ? SUITES_13 : SUITES_12;
  const first = await ask(target, serverName, { version, suites: all, groups }, milliseconds);
  if (first === undefined) return { version: name, spoken: false, suites: [], groups: [] };
  const suites = await chosenOneByOne(all, (left) =>
    ask(target, serverName, { version, suites: left, groups }, milliseconds).then((choice) => choice?.suite),
  );
  const found = await chosenOneByOne(groups, (left) =>
    ask(
      target,
      serverName,
      // The curve of the certificate has to stay among them (RFC 8422 section 5.1), and it is nearly always this one.
      { version, suites: all, groups: version === 0x0304 ? left : [...new Set([...left, GROUP_SECP256R1])] },
      milliseconds,
    ).then((choice) => choice?.group),
  );
  return { version: name, spoken: true, suites: suites.map(suiteName), groups: found.map(groupName) };
}

/** What a server chooses, and what it chooses when that is not there, and so on: in its order. */
async function chosenOneByOne(
  all: readonly number[],
  choose: (left: readonly number[]) => Promise<number | undefined>,
): Promise<readonly number[]> {
  const found: number[] = [];
  for (let left = all; left.length > 0; ) {
    const one = await choose(left);
    if (one === undefined || !left.includes(one)) return found;
    found.push(one);
    left = left.filter((id) => id !== one);
  }
  return found;
}

/** Whole handshakes: with a server that is refused too, to see the rest. */
async function handshake(options: ScanOptions, alpn: readonly string[], version?: '1.2'): Promise<Report> {
  const { report, result } = await connectOnce(options, alpn, version);
  if (result.socket !== undefined) await leave(result.socket);
  return report;
}

async function connectOnce(
  options: ScanOptions,
  alpn: readonly string[],
  version?: '1.2',
): Promise<{ readonly report: Report; readonly result: Attempt }> {
  const { target, trust, terminal, milliseconds, given } = options;
  const judge = makeJudge(trust, given, terminal, true);
  const { serverName, isSent } = serverNameOf(target.host, given);
  const offer = { alpn: alpn.length > 0 ? alpn : undefined, versions: version === undefined ? undefined : [version] };
  const context = makeContext(offer, { judge, credential: undefined, isSent, keyLog: undefined });
  const observed = new Observed();
  const result = await attempt({
    target,
    context,
    serverName,
    startTls: undefined,
    earlyData: undefined,
    capture: undefined,
    milliseconds,
    onPlaintext: () => {},
    onTrace: observed.onTrace,
  });
  const report = reportOf(target, result, {
    judge,
    observed,
    startTls: undefined,
    trustedBy: trust.from,
    now: Date.now(),
  });
  return { report, result };
}

async function resumes(options: ScanOptions): Promise<boolean> {
  const { target, trust, terminal, milliseconds, given } = options;
  const judge = makeJudge(trust, given, terminal, false);
  const { serverName, isSent } = serverNameOf(target.host, given);
  const context = makeContext({}, { judge, credential: undefined, isSent, keyLog: undefined });
  const parts = {
    target,
    context,
    serverName,
    startTls: undefined,
    earlyData: undefined,
    capture: undefined,
    milliseconds,
  };
  let isResumed = false;
  for (let round = 0; round < 2; round++) {
    const { socket, info } = await attempt({ ...parts, onPlaintext: () => {}, onTrace: () => {} });
    isResumed = info.resumed === true;
    if (socket === undefined) return false;
    // Tickets come behind the handshake.
    socket.resume();
    await new Promise((done) => setTimeout(done, 100));
    await leave(socket);
  }
  return isResumed;
}

function findingsOf(found: Omit<Scan, 'findings'>, days: number): readonly Finding[] {
  const findings: Finding[] = [];
  const bad = (text: string): void => void findings.push({ grade: 'bad', text });
  const remark = (text: string): void => void findings.push({ grade: 'remark', text });
  const { versions, connection, extendedMasterSecret } = found;
  const spoken = versions.filter((one) => one.spoken);
  if (spoken.length === 0) bad('no version of TLS or SSL is spoken there');
  for (const { version } of spoken)
    if (!['TLS 1.3', 'TLS 1.2'].includes(version)) bad(`${version} is spoken, which is forbidden (RFC 8996, RFC 7568)`);
  if (spoken.length > 0 && !spoken.some(({ version }) => version === 'TLS 1.3')) remark('TLS 1.3 is not spoken');
  for (const { version, suites } of spoken) {
    const graded = (grade: string): readonly string[] => suites.filter((name) => gradeOf(name) === grade);
    if (graded('broken').length > 0) bad(`${version}: suites that are broken: ${graded('broken').join(', ')}`);
    if (version === 'TLS 1.2' && graded('old').length > 0)
      remark(`${version}: ${graded('old').length} suites without forward secrecy or with CBC (RFC 9325)`);
  }
  if (!spoken.some(({ groups }) => groups.some((name) => name.includes('MLKEM'))))
    remark('no key exchange that holds against quantum computers (X25519MLKEM768)');
  if (extendedMasterSecret === false) remark('TLS 1.2: the main secret is not bound to the handshake (RFC 7627)');
  certificateFindings(connection, days, bad, remark);
  if (found.resumption === false) remark('sessions are not resumed');
  return findings;
}

function certificateFindings(
  { chain, failure, ocspStaple, ok, error }: Report,
  days: number,
  bad: (text: string) => void,
  remark: (text: string) => void,
): void {
  if (failure !== undefined) bad(failure.message);
  else if (!ok && error !== undefined) remark(`the handshake was not finished: ${error.message}`);
  const sent = chain.filter(({ position }) => position !== undefined);
  for (const { certificate } of sent) {
    if (certificate === undefined) continue;
    if (certificate.daysLeft < days && certificate.daysLeft >= 0)
      bad(`${certificate.subject} expires in ${certificate.daysLeft} days, and ${days} are wanted`);
  }
  for (const [index, { certificate }] of sent.entries()) {
    const next = sent[index + 1]?.certificate;
    if (certificate !== undefined && next !== undefined && certificate.issuer !== next.subject)
      remark(`the chain is not in order: certificate ${index + 1} did not issue certificate ${index}`);
  }
  if (sent.some(({ verdict, why }) => verdict === 'yes' && why.includes('need not be sent')))
    remark('the root is sent, which need not be');
  if (sent.length > 0 && !ocspStaple) remark('no OCSP response is stapled');
}

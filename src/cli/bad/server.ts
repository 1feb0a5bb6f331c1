import { writeFileSync } from 'node:fs';
import { padColumns } from '../../bytes/width.ts';
import { alertDescriptionName } from '../../inspect/names.ts';
import { type BadServerResult, SERVER_FAULTS, startBadServer } from '../../testkit/index.ts';
import type { Command, Given } from '../command.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { codeOf, coloured, type Terminal } from '../terminal.ts';
import { jsonText } from '../json-text.ts';

/** `warifu badserver` */
export const badServerCommand: Command = {
  name: 'badserver',
  summary: 'a server that misbehaves, one fault for each name: to test clients with',
  operands: '',
  help: `
Runs a server for testing clients, until it is stopped: a client that asks for expired.localhost meets a certificate that has
expired, one that asks for truncated.localhost has its data cut off, and so on. It says of each connection what the client did,
and whether that was right. --list prints all faults with what is right. Its root is made anew each time: --out-root writes it
into a file, and so do --out-client (a certificate and key that "wants-certificate" takes) and --out-crl.

  warifu badserver --port 8443 --out-root root.crt
  curl --cacert root.crt https://expired.localhost:8443/
  warifu badserver --list
`,
  options: {
    port: { type: 'string', value: 'PORT', help: 'to listen on (default: 8443; 0: a free one)' },
    address: { type: 'string', value: 'ADDRESS', help: 'to listen on (default: 127.0.0.1)' },
    domain: { type: 'string', value: 'NAME', help: 'behind the names of faults (default: localhost)' },
    only: {
      type: 'string',
      value: 'FAULT',
      words: SERVER_FAULTS.map(({ name }) => name),
      help: 'this fault, whatever name is asked for',
    },
    'out-root': { type: 'string', value: 'FILE', help: 'write the root there, for the clients to trust' },
    'out-client': { type: 'string', value: 'FILE', help: 'write a certificate and key for clients there' },
    'out-crl': { type: 'string', value: 'FILE', help: 'write the list of what is revoked there' },
    list: { type: 'boolean', help: 'print all faults, and what a client that is right makes of them' },
  },
  run,
};

async function run(given: Given, terminal: Terminal): Promise<number> {
  if (given.has('list')) {
    terminal.print(given.has('json') ? jsonText(SERVER_FAULTS.map(factsOf)) : SERVER_FAULTS.map(rowOf).join('\n'));
    return EXIT.ok;
  }
  const only = given.text('only');
  if (only !== undefined && !SERVER_FAULTS.some(({ name }) => name === only))
    throw usage(`--only: there is no fault "${only}"; "warifu badserver --list" has them`);
  const domain = given.text('domain');
  const server = await startBadServer({
    port: given.number('port', 0, 65_535) ?? 8443,
    address: given.text('address') ?? '127.0.0.1',
    ...(domain !== undefined && { domain }),
    ...(only !== undefined && { only }),
    onResult: (result) => terminal.print(given.has('json') ? jsonText(resultOf(result)) : resultText(result, terminal)),
  }).catch((error: unknown) => {
    throw new Failure(`it cannot listen there (${codeOf(error)})`);
  });
  write(given.text('out-root'), server.root, terminal);
  write(given.text('out-client'), server.client.certificate + server.client.key, terminal);
  write(given.text('out-crl'), server.crl, terminal);
  const where = `${server.host}:${server.port}`;
  terminal.note(
    `warifu: ${SERVER_FAULTS.length} faults on ${where}: https://${server.nameOf('expired')}:${server.port}/ and so on`,
  );
  if (given.text('out-root') === undefined) terminal.note(server.root.trimEnd());
  await terminal.untilStopped();
  await server.close();
  return EXIT.ok;
}

function write(name: string | undefined, text: string, terminal: Terminal): void {
  if (name === undefined) return;
  try {
    writeFileSync(terminal.path(name), text, { mode: 0o600 });
  } catch (error) {
    throw new Failure(`${name}: it cannot be written (${codeOf(error)})`);
  }
}

type Facts = Pick<(typeof SERVER_FAULTS)[number], 'name' | 'kind' | 'about' | 'right' | 'rfc'>;

/** What a program is told of a fault. */
export function factsOf(fault: Facts & { readonly alerts: readonly number[] }): object {
  const { name, kind, about, right, rfc, alerts } = fault;
  return { name, kind, about, right, rfc, alerts: alerts.map(alertDescriptionName) };
}

/** One line of a list of faults. */
export function rowOf({ name, about, right, alerts, rfc }: Facts & { readonly alerts: readonly number[] }): string {
  const alert = alerts[0] === undefined ? '' : ` (${alertDescriptionName(alerts[0])})`;
  return `${padColumns(name, 24)}${padColumns(`${right}${alert}`, 42)}${about} (${rfc})`;
}

/** What was seen of a peer. */
export function seenText({
  alert,
  dataReceived,
  end,
}: Pick<BadServerResult, 'alert' | 'dataReceived' | 'end'>): string {
  const parts = [
    alert === undefined ? undefined : `it said ${alertDescriptionName(alert)}`,
    dataReceived > 0 ? `it sent ${dataReceived} bytes of data` : undefined,
    end === 'closed' ? 'it closed the connection' : end === 'close_notify' ? 'it said close_notify' : undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? 'it did nothing' : parts.join(', ');
}

export const JUDGEMENTS = {
  right: ['right', 'green'],
  'another alert': ['refused, in other words', 'yellow'],
  wrong: ['WRONG', 'red'],
  unseen: ['only it can say', 'dim'],
} as const;

function resultText(result: BadServerResult, terminal: Terminal): string {
  const [text, colour] = JUDGEMENTS[result.judgement];
  return `${padColumns(result.fault.name, 24)}${coloured(terminal, colour, text)}: ${seenText(result)}`;
}

function resultOf({ fault, judgement, alert, dataReceived, end, established }: BadServerResult): object {
  return {
    fault: fault.name,
    judgement,
    alert: alert === undefined ? undefined : alertDescriptionName(alert),
    dataReceived,
    end,
    established,
  };
}

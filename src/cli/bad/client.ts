import { padColumns } from '../../bytes/width.ts';
import { alertDescriptionName } from '../../inspect/names.ts';
import { type BadClientResult, CLIENT_FAULTS, runBadClient } from '../../testkit/index.ts';
import type { Command, Given } from '../command.ts';
import { readCredential, TRUST_OPTIONS } from '../connect/options.ts';
import { readTarget, targetText } from '../connect/target.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { codeOf, coloured, type Terminal } from '../terminal.ts';
import { factsOf, JUDGEMENTS, rowOf, seenText } from './server.ts';
import { jsonText } from '../json-text.ts';

/** `warifu badclient` */
export const badClientCommand: Command = {
  name: 'badclient',
  summary: 'a client that misbehaves: to test a server of your own with',
  operands: 'HOST[:PORT]',
  help: `
Connects to a server again and again, each time with another fault, and says what it did and whether that was right. It
believes any server and sends a request of HTTP: it is for testing servers of your own. A server that demands certificates is
tested further with --certificate. The exit code is 1 when it was wrong about something.

  warifu badclient localhost:8443
  warifu badclient localhost:8443 --certificate ca/client.crt --key ca/client.key --only wrong-finished --json
`,
  options: {
    certificate: TRUST_OPTIONS.certificate!,
    key: TRUST_OPTIONS.key!,
    'password-file': TRUST_OPTIONS['password-file']!,
    'allow-legacy': TRUST_OPTIONS['allow-legacy']!,
    sni: { type: 'string', value: 'NAME', help: 'the name to ask for (default: HOST)' },
    only: {
      type: 'string',
      value: 'FAULT',
      words: CLIENT_FAULTS.map(({ name }) => name),
      multiple: true,
      help: 'these faults alone',
    },
    timeout: { type: 'string', value: 'TIME', help: 'for each fault (default: 5s)' },
    list: { type: 'boolean', help: 'print all faults, and what a server that is right makes of them' },
  },
  run,
};

async function run(given: Given, terminal: Terminal): Promise<number> {
  if (given.has('list')) {
    terminal.print(
      given.has('json') ? JSON.stringify(CLIENT_FAULTS.map(factsOf)) : CLIENT_FAULTS.map(rowOf).join('\n'),
    );
    return EXIT.ok;
  }
  const [operand, ...more] = given.positionals;
  if (operand === undefined || more.length > 0) throw usage('one HOST[:PORT] is wanted');
  const target = readTarget(operand, 443);
  const only = given.texts('only');
  for (const name of only)
    if (!CLIENT_FAULTS.some((fault) => fault.name === name))
      throw usage(`--only: there is no fault "${name}"; "warifu badclient --list" has them`);
  const credential = await readCredential(given, terminal);
  const results: BadClientResult[] = [];
  for (const { name } of CLIENT_FAULTS.filter((fault) => only.length === 0 || only.includes(fault.name))) {
    const result = await runBadClient(name, {
      ...target,
      serverName: given.text('sni') ?? target.host,
      limit: given.time('timeout', 1) ?? 5_000,
      ...(credential !== undefined && { credential }),
    }).catch((error: unknown) => {
      throw new Failure(`${targetText(target)}: no connection (${codeOf(error)})`);
    });
    results.push(result);
    const [text, colour] = JUDGEMENTS[result.judgement];
    if (!given.has('json'))
      terminal.print(
        `${padColumns(name, 24)}${coloured(terminal, colour, result.judgement === 'unseen' ? 'it asks for none' : text)}: ${seenText(result)}`,
      );
  }
  if (given.has('json')) terminal.print(jsonText(results.map(jsonOf)));
  return results.some(({ judgement }) => judgement === 'wrong') ? EXIT.no : EXIT.ok;
}

function jsonOf({ fault, judgement, alert, dataReceived, end, established }: BadClientResult): object {
  const said = alert === undefined ? undefined : alertDescriptionName(alert);
  return { fault: fault.name, judgement, alert: said, dataReceived, end, established };
}

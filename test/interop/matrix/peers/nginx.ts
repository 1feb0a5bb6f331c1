import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Child, Files, freePort, startChild } from '../../../support/child.ts';
import { material, versionOf, which } from '../material.ts';
import type { Peer, ServeOrder } from '../types.ts';

const IN_HTTP = 'it refuses in HTTP, with status 400, once the handshake is done';

/** nginx in front of a small HTTP server that sends back what it gets. A server only. */
export const nginx: Peer = {
  name: 'nginx',
  version: () => versionOf(which('nginx'), ['-V'], /nginx\/(\S+)/),
  install: 'apt-get install nginx-light',
  quick: true,
  cannot: (role, _version, scenario) => {
    if (role === 'server') return 'it is a server only';
    if (scenario === 'hybrid') return 'its OpenSSL has no such group before 3.5';
    if (scenario === 'withoutCertificate' || scenario === 'badCertificate') return IN_HTTP;
    return undefined;
  },
  start: async () => {
    const backend = await echo();
    const running: Child[] = [];
    return {
      serve: async (order) => {
        const files = new Files();
        mkdirSync(files.path('logs'));
        const port = await freePort();
        const path = files.add(
          'nginx.conf',
          configuration(order, port, (backend.address() as AddressInfo).port, files.directory),
        );
        const child = startChild(which('nginx')!, ['-p', files.directory, '-c', path, '-e', 'stderr'], { files });
        running.push(child);
        await child.waitFor(/start worker|using the|nginx\//).catch(() => {});
        return { port, talk: 'http', stop: () => child.stop() };
      },
      connect: async () => {
        throw new Error('it is a server only');
      },
      stop: async () => {
        for (const child of running) await child.stop();
        backend.closeAllConnections();
        backend.close();
      },
    };
  },
};

function configuration(order: ServeOrder, port: number, backend: number, directory: string): string {
  const { server, roots, staple } = material();
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(directory, name)};`,
  );
  return `
daemon off;
master_process off;
pid ${join(directory, 'pid')};
error_log stderr notice;
events {}
http {
  access_log off;
  ${folders.join('\n  ')}
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${port} ssl;
    server_name server.example;
    ssl_protocols TLSv${order.version};
    ssl_certificate ${server.cert};
    ssl_certificate_key ${server.key};
    ${order.group === undefined ? '' : `ssl_ecdh_curve ${order.group};`}
    ${order.auth ? `ssl_verify_client on; ssl_client_certificate ${roots}; ssl_verify_depth 3;` : ''}
    ${order.staple ? `ssl_stapling on; ssl_stapling_file ${staple};` : ''}
    ${order.ids ? 'ssl_session_tickets off; ssl_session_cache shared:ids:1m;' : ''}
    location / {
      proxy_pass http://127.0.0.1:${backend};
      proxy_request_buffering off;
      proxy_http_version 1.1;
    }
  }
}
`;
}

async function echo(): Promise<Server> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    // Not before all of it is there: nginx reads no answer while it sends.
    request.on('end', () => response.end(Buffer.concat(pieces)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

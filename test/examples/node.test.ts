import { readFileSync } from 'node:fs';
import * as https from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import { type Child, freePort, isInstalled, startChild } from '../support/child.ts';
import { allConsumers } from '../support/thorough.ts';
import { Project } from './project.ts';

/** Examples for Node, each with the program that it is for; those that take longer by `npm run test:package`. */

const running: Child[] = [];
const keep = (child: Child): Child => {
  running.push(child);
  return child;
};
afterEach(async () => {
  for (const child of running.splice(0)) await child.stop();
});

/** OpenSSL's server, which answers HTTP with a page about the connection. */
async function openssl(project: Project): Promise<number> {
  const port = await freePort();
  const files = ['-cert', 'ca/server.crt', '-key', 'ca/server.key'];
  const server = keep(
    startChild('openssl', ['s_server', '-accept', `${port}`, ...files, '-www'], { cwd: project.folder }),
  );
  await server.waitFor(/ACCEPT/);
  return port;
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

/** Asks a server of HTTPS, with a certificate of this name. */
function ask(project: Project, port: number, method: string, who: string): Promise<Answer> {
  const file = (name: string): string => readFileSync(project.path(`ca/${name}`), 'utf8');
  const options = {
    ca: file('root.crt'),
    cert: file(`${who}.crt`),
    key: file(`${who}.key`),
    method,
    agent: false,
  } as const;
  return new Promise((resolve, reject) => {
    const request = https.request(`https://localhost:${port}/items`, options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    request.on('error', reject).end();
  });
}

describe.each(['https-express', 'https-fastify'])('%s', (example) => {
  it.runIf(allConsumers)(
    'lets each client do what its SPIFFE id allows',
    async () => {
      const project = await Project.make(example, [example.slice('https-'.length)]);
      const server = keep(project.start([], { PORT: '0' }));
      const port = Number((await server.waitFor(/localhost:(\d+)/))[1]);
      expect(await ask(project, port, 'GET', 'client')).toEqual({ status: 200, text: 'items, for admin\n' });
      expect(await ask(project, port, 'GET', 'web')).toEqual({ status: 200, text: 'items, for reader\n' });
      expect(await ask(project, port, 'DELETE', 'web')).toEqual({ status: 403, text: 'not for reader\n' });
      expect(await ask(project, port, 'GET', 'stranger')).toEqual({ status: 403, text: 'not for strangers\n' });
      expect(await ask(project, port, 'DELETE', 'client')).toEqual({ status: 200, text: 'deleted\n' });
    },
    180_000,
  );
});

describe.skipIf(!isInstalled('openssl'))('with OpenSSL', () => {
  it('fetch-undici fetches from it', async () => {
    const project = await Project.make('fetch-undici', ['undici']);
    const example = keep(project.start([`https://localhost:${await openssl(project)}/`]));
    expect(await example.exited, example.output()).toBe(0);
    expect(example.output()).toMatch(/^200\n[\s\S]*TLSv1\.3/);
  }, 180_000);

  it('key-service signs for it', async () => {
    const project = await Project.make('key-service');
    const server = keep(project.start([], { PORT: '0' }));
    const [, port] = await server.waitFor(/localhost:(\d+)/);
    const checks = ['-CAfile', 'ca/root.crt', '-verify_return_error', '-verify_hostname', 'localhost'];
    const client = keep(
      startChild('openssl', ['s_client', '-connect', `localhost:${port}`, '-quiet', ...checks], {
        cwd: project.folder,
      }),
    );
    await client.waitFor(/signed elsewhere/);
  }, 180_000);

  it.skipIf(!isInstalled('stunnel4'))(
    'tls-in-tls goes to it through stunnel',
    async () => {
      const project = await Project.make('tls-in-tls');
      const inner = await openssl(project);
      const outer = await freePort();
      const settings = `foreground = yes\npid =\n[gateway]\naccept = 127.0.0.1:${outer}\nconnect = 127.0.0.1:${inner}\ncert = ca/server.crt\nkey = ca/server.key\nCAfile = ca/root.crt\nverifyChain = yes\n`;
      const files = project.write('stunnel.conf', settings);
      await keep(startChild('stunnel4', [files], { cwd: project.folder })).waitFor(/Configuration successful/);
      const example = keep(project.start([`${outer}`]));
      expect(await example.exited, example.output()).toBe(0);
      expect(example.output()).toMatch(/^HTTP\/1\.0 200[\s\S]*TLSv1\.3/);
    },
    180_000,
  );

  it.skipIf(!allConsumers || !isInstalled('tshark'))(
    'tshark reads what tshark-keylog has captured',
    async () => {
      const project = await Project.make('tshark-keylog');
      const port = await openssl(project);
      const capture = keep(
        startChild('tshark', ['-i', 'lo', '-f', `tcp port ${port}`, '-w', 'capture.pcapng'], { cwd: project.folder }),
      );
      await capture.waitFor(/Capturing on/);
      // It says so a little before it does.
      await new Promise((resolve) => setTimeout(resolve, 500));
      const example = keep(project.start([`${port}`]));
      expect(await example.exited, example.output()).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await capture.stop();
      const read = [
        '-r',
        'capture.pcapng',
        '-d',
        `tcp.port==${port},tls`,
        '-o',
        'tls.keylog_file:keys.log',
        '-Y',
        'http.request',
      ];
      const reader = keep(
        startChild('tshark', [...read, '-T', 'fields', '-e', 'http.request.uri'], { cwd: project.folder }),
      );
      await reader.exited;
      expect(reader.output()).toMatch(/^\/secret$/m);
    },
    180_000,
  );
});

import { createServer, type Server as HttpServer } from 'node:http';
import { prometheusText, type Sample } from './metrics.ts';

/** What an orchestrator, a scraper and an operator look at: plain HTTP on an address of its own. */

export interface AdminParts {
  isReady(): boolean | Promise<boolean>;
  samples(): readonly Sample[] | Promise<readonly Sample[]>;
  /** Asks for a reload; rejects with what is wrong. */
  reload(): Promise<void>;
}

export function adminServer(parts: AdminParts): HttpServer {
  return createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (request, response) => {
    const send = (status: number, text: string, type: string = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(text);
    };
    answer(parts, request.method ?? 'GET', (request.url ?? '').replace(/\?.*$/s, ''), send).catch((error: unknown) =>
      send(500, `${error instanceof Error ? error.message : String(error)}\n`),
    );
  });
}

async function answer(
  parts: AdminParts,
  method: string,
  path: string,
  send: (status: number, text: string, type?: string) => void,
): Promise<void> {
  if (path === '/reload') {
    if (method !== 'POST') {
      send(405, 'POST /reload\n');
      return;
    }
    await parts.reload();
    send(200, 'reloaded\n');
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    send(405, 'GET\n');
    return;
  }
  switch (path) {
    case '/healthz':
      send(200, 'ok\n');
      return;
    case '/readyz': {
      const isReady = await parts.isReady();
      send(isReady ? 200 : 503, isReady ? 'ready\n' : 'not ready: a listener has no healthy server, or it is ending\n');
      return;
    }
    case '/metrics':
      send(200, prometheusText(await parts.samples()), 'text/plain; version=0.0.4; charset=utf-8');
      return;
    case '/servers': {
      const samples = (await parts.samples()).filter(({ name }) => name.startsWith('warifu_server_'));
      const servers = new Map<string, Record<string, unknown>>();
      for (const { name, labels, value } of samples) {
        const key = `${labels.listener} ${labels.server}`;
        const known = servers.get(key) ?? { ...labels };
        known[name.replace(/^warifu_server_|_total$/g, '')] = value;
        servers.set(key, known);
      }
      send(200, `${JSON.stringify([...servers.values()], undefined, 2)}\n`, 'application/json');
      return;
    }
    default:
      send(404, '/healthz /readyz /metrics /servers, POST /reload\n');
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ListenSettings } from '../options.ts';
import { hostOf, targetPath } from './path.ts';

/** Sends a request over plain HTTP on to HTTPS, with its method and content (308). */
export function redirectTo(request: IncomingMessage, response: ServerResponse, settings: ListenSettings): void {
  const host = hostOf(request);
  const path = targetPath(request.url ?? '');
  if (host === undefined || path === undefined || path === '*') {
    response.writeHead(400, { connection: 'close' }).end();
    return;
  }
  const name = host.replace(/:\d+$/, '');
  const port = settings.address.find((where) => where.port !== undefined)?.port ?? settings.port ?? 443;
  response.writeHead(308, {
    location: `https://${name}${port === 443 || port === 0 ? '' : `:${port}`}${path}`,
    'content-length': '0',
    connection: 'close',
  });
  response.end();
}

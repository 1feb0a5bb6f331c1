import { unlinkSync } from 'node:fs';
import { connect, type Server as NetServer } from 'node:net';
import { codeOf } from '../terminal.ts';
import type { Where } from './places.ts';

/** Sockets that listen. */

/** Listens there; rejects when that is not possible. */
export async function listenOn(server: NetServer, where: Where): Promise<void> {
  if (where.path !== undefined) await removeStale(where.path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const options =
      where.path === undefined
        ? { port: where.port ?? 0, ...(where.host !== undefined && { host: where.host }), backlog: 4_096 }
        : { path: where.path, backlog: 4_096 };
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', () => {});
}

/** A socket that nothing listens on any more is in the way. */
function removeStale(path: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', (error) => {
      if (codeOf(error) === 'ECONNREFUSED') unlinkSync(path);
      resolve();
    });
  });
}

/** Where a server listens, its port too where the system chose it. */
export function placeText(where: Where | undefined, server: NetServer): string {
  if (where?.path !== undefined) return `unix:${where.path}`;
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return where?.text ?? '';
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

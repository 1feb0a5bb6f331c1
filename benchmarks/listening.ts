import { once } from 'node:events';
import type { Server, Socket } from 'node:net';

/** A server that listens on a port of its own, and takes its connections along when it is closed. */
export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Has a server listen; clients that fail the handshake are no matter. */
export async function listening(server: Server): Promise<Listening> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    socket.setNoDelay(true);
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

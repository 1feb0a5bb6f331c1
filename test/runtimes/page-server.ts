import { createServer } from 'node:http';

/** The page that carries the suite into browsers, and how it is run there. */

/** In the page itself. */
export const IN_PAGE = 'suite()';
/** In a worker of the page's. */
export const IN_WORKER = `new Promise((resolve, reject) => {
  const worker = new Worker('/suite.js', { type: 'module' });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error('the worker failed: ' + message));
})`;

export async function serve(script: string): Promise<{ readonly port: number; close(): void }> {
  const html =
    '<!doctype html><meta charset="utf-8"><title>suite</title><script type="module" src="/suite.js"></script>';
  const server = createServer((request, response) => {
    const isScript = request.url === '/suite.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

// HTTPS with Fastify, for clients with certificates: what a client may do follows from its SPIFFE id.
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { fastify } from 'fastify';
import { createServer } from 'warifu/node';

const pem = (name) => readFileSync(`ca/${name}`, 'utf8');
const ROLES = new Map([
  ['spiffe://example.org/admin', 'admin'],
  ['spiffe://example.org/web', 'reader'],
]);

const http = createHttpServer();
const app = fastify({ serverFactory: (handler) => http.on('request', handler) });
app.decorateRequest('role', '');
app.addHook('onRequest', async (request, reply) => {
  request.role = ROLES.get(request.raw.socket.peer.identities.spiffe[0]);
  if (!request.routeOptions.config.roles?.includes(request.role))
    await reply.code(403).send(`not for ${request.role ?? 'strangers'}\n`);
});
app.get('/items', { config: { roles: ['reader', 'admin'] } }, async ({ role }) => `items, for ${role}\n`);
app.delete('/items', { config: { roles: ['admin'] } }, async () => 'deleted\n');
await app.ready();

const server = createServer({
  credential: { certificates: pem('server.crt'), privateKey: pem('server.key') },
  clientAuth: 'require',
  anchors: pem('root.crt'),
  protocolHandlers: { '*': http },
});
server.on('tlsClientError', (error) => console.error(`refused: ${error.message}`));
server.listen(process.env.PORT ?? 8443, () => console.log(`https://localhost:${server.address().port}/items`));

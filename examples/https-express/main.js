// HTTPS with Express, for clients with certificates: what a client may do follows from its SPIFFE id.
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import express from 'express';
import { createServer } from 'warifu/node';

const pem = (name) => readFileSync(`ca/${name}`, 'utf8');
const ROLES = new Map([
  ['spiffe://example.org/admin', 'admin'],
  ['spiffe://example.org/web', 'reader'],
]);

const roleOf = ({ socket }) => ROLES.get(socket.peer.identities.spiffe[0]);
const only = (...roles) => (request, response, next) =>
  roles.includes(roleOf(request)) ? next() : response.status(403).send(`not for ${roleOf(request) ?? 'strangers'}\n`);

const app = express();
app.get('/items', only('reader', 'admin'), (request, response) => response.send(`items, for ${roleOf(request)}\n`));
app.delete('/items', only('admin'), (_request, response) => response.send('deleted\n'));

const server = createServer({
  credential: { certificates: pem('server.crt'), privateKey: pem('server.key') },
  clientAuth: 'require',
  anchors: pem('root.crt'),
  protocolHandlers: { '*': createHttpServer(app) },
});
server.on('tlsClientError', (error) => console.error(`refused: ${error.message}`));
server.listen(process.env.PORT ?? 8443, () => console.log(`https://localhost:${server.address().port}/items`));

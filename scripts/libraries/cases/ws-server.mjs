import https from 'node:https';
import WebSocket, { WebSocketServer } from 'ws';
import { expect } from './support.mjs';

export async function run({ ca, cert, key, clientCert, clientKey }) {
  const server = https.createServer({ cert, key, ca, requestCert: true });
  const names = [];
  new WebSocketServer({ server }).on('connection', (socket, request) => {
    names.push(request.socket.getPeerCertificate().subject.CN);
    socket.on('message', (data) => socket.send(data));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const at = `wss://127.0.0.1:${server.address().port}`;
  const socket = new WebSocket(at, { ca, cert: clientCert, key: clientKey, servername: 'localhost' });
  await new Promise((done, fail) => socket.once('open', done).once('error', fail));
  const back = new Promise((done) => socket.once('message', done));
  socket.send('z'.repeat(200_000));
  expect((await back).length, 200_000);
  expect(names, ['warifu']);
  socket.close();
  await new Promise((done) => socket.once('close', done));
  await new Promise((done) => server.close(done));
}

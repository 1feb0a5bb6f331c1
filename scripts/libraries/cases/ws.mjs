import WebSocket from 'ws';
import { expect, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const open = (tls) =>
    new Promise((done, fail) => {
      const socket = new WebSocket(`wss://localhost:${ports.https}`, tls);
      socket.once('open', () => done(socket)).once('error', fail);
    });
  const socket = await open({ ca, cert: clientCert, key: clientKey });
  const back = new Promise((done) => socket.once('message', done));
  socket.send('z'.repeat(200_000));
  expect((await back).length, 200_000);
  socket.close();
  await new Promise((done) => socket.once('close', done));
  await refused(UNKNOWN, () => open({ ca: otherCa }));
}

import grpc from '@grpc/grpc-js';
import { expect } from './support.mjs';

const pass = (value) => value;
const method = (path, responseStream) => ({
  path,
  requestStream: false,
  responseStream,
  requestSerialize: pass,
  requestDeserialize: pass,
  responseSerialize: pass,
  responseDeserialize: pass,
});
const SERVICE = { say: method('/echo.Echo/Say', false), count: method('/echo.Echo/Count', true) };

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const Client = grpc.makeClientConstructor(SERVICE, 'Echo');
  const open = (root) =>
    new Client(
      `localhost:${ports.grpc}`,
      grpc.credentials.createSsl(Buffer.from(root), Buffer.from(clientKey), Buffer.from(clientCert)),
    );
  const say = (client, bytes) =>
    new Promise((done, fail) =>
      client.say(bytes, { deadline: Date.now() + 10_000 }, (error, value) => (error ? fail(error) : done(value))),
    );
  const client = open(ca);
  expect((await say(client, Buffer.alloc(200_000, 7))).length, 200_000);
  const parts = [];
  await new Promise((done, fail) =>
    client
      .count(Buffer.from('20'))
      .on('data', (part) => parts.push(String(part)))
      .on('end', done)
      .on('error', fail),
  );
  expect(parts.length, 20);
  client.close();
  const wrong = open(otherCa);
  const error = await say(wrong, Buffer.from('x')).catch((reason) => reason);
  expect(error.code, grpc.status.UNAVAILABLE);
  wrong.close();
}

import { connect } from 'nats';
import { expect, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const open = (tls) =>
    // A name has several addresses; by itself it would try one.
    connect({
      resolve: false,
      servers: `localhost:${ports.nats}`,
      tls,
      maxReconnectAttempts: 0,
      reconnect: false,
      timeout: 10_000,
    });
  const connection = await open({ ca, cert: clientCert, key: clientKey });
  connection.subscribe('a.b', { callback: (_error, message) => message.respond(message.data) });
  const answer = await connection.request('a.b', new Uint8Array(200_000).fill(7), { timeout: 10_000 });
  expect([answer.data.length, answer.data[199_999]], [200_000, 7]);
  await connection.drain();
  await refused(UNKNOWN, () => open({ ca: otherCa, cert: clientCert, key: clientKey }));
}

import amqp from 'amqplib';
import { expect, numbers, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const at = { protocol: 'amqps', hostname: 'localhost', port: ports.rabbitmq, username: 'guest', password: 'guest' };
  const open = (tls) => amqp.connect(at, { servername: 'localhost', ...tls });
  const connection = await open({ ca: [ca], cert: clientCert, key: clientKey });
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const got = [];
  const all = new Promise((done) => {
    void channel.consume(
      queue,
      ({ content }) => {
        got.push(content.length);
        if (got.length === 50) done();
      },
      { noAck: true },
    );
  });
  for (const n of numbers(50)) channel.sendToQueue(queue, Buffer.alloc(10_000 + n));
  await channel.waitForConfirms();
  await all;
  expect(
    got,
    numbers(50).map((n) => 10_000 + n),
  );
  await channel.close();
  await connection.close();
  await refused(UNKNOWN, () => open({ ca: [otherCa] }));
}

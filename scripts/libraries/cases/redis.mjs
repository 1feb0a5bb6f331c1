import { createClient } from 'redis';
import { expect, numbers, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const open = async (tls) => {
    const redis = createClient({
      // An address: workerd looks names up at Cloudflare where a program asks it to.
      socket: {
        host: '127.0.0.1',
        port: ports.redis,
        tls: true,
        servername: 'localhost',
        reconnectStrategy: false,
        ...tls,
      },
    });
    redis.on('error', () => {});
    await redis.connect();
    return redis;
  };
  const redis = await open({ ca, cert: clientCert, key: clientKey });
  await redis.set('b', 'x'.repeat(300_000));
  expect((await redis.get('b')).length, 300_000);
  const answers = await Promise.all(numbers(200).map((n) => redis.echo(String(n))));
  expect(answers.map(Number), numbers(200));
  await redis.close();
  await refused(UNKNOWN, () => open({ ca: otherCa }));
}

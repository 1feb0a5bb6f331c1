import { Redis } from 'ioredis';
import { expect, numbers, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const at = { host: 'localhost', port: ports.redis };
  const redis = new Redis({ ...at, tls: { ca, cert: clientCert, key: clientKey } });
  await redis.set('a', 'x'.repeat(300_000));
  expect((await redis.get('a')).length, 300_000);
  const answers = await Promise.all(numbers(200).map((n) => redis.incrby('count', n)));
  expect(answers.length, 200);
  await redis.del('count');
  await redis.quit();
  const wrong = new Redis({ ...at, tls: { ca: otherCa }, retryStrategy: null });
  await refused(UNKNOWN, () => new Promise((_, fail) => wrong.once('error', fail)));
  wrong.disconnect();
}

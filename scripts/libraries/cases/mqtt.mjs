import mqtt from 'mqtt';
import { expect, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const open = (tls) =>
    mqtt.connectAsync(
      { protocol: 'mqtts', host: 'localhost', port: ports.mosquitto, reconnectPeriod: 0, ...tls },
      false,
    );
  const client = await open({ ca: [ca], cert: clientCert, key: clientKey });
  const heard = new Promise((done) => client.once('message', (topic, message) => done([topic, message.length])));
  await client.subscribeAsync('a/b', { qos: 1 });
  await client.publishAsync('a/b', 'x'.repeat(100_000), { qos: 1 });
  expect(await heard, ['a/b', 100_000]);
  await client.endAsync();
  await refused(UNKNOWN, () => open({ ca: [otherCa], cert: clientCert, key: clientKey }));
}

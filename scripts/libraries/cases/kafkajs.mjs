import { Kafka, logLevel } from 'kafkajs';
import { expect, numbers, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const make = (ssl) =>
    new Kafka({ brokers: [`localhost:${ports.kafka}`], ssl, logLevel: logLevel.NOTHING, retry: { retries: 3 } });
  const topic = `topic-${Math.random().toString(36).slice(2)}`;
  const kafka = make({ ca: [ca], cert: clientCert, key: clientKey, servername: 'localhost' });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: numbers(50).map((n) => ({ key: `${n}`, value: 'x'.repeat(5_000 + n) })) });
  await producer.disconnect();
  const { 0: end } = await admin.fetchTopicOffsets(topic);
  expect(end.high, '50');
  const consumer = kafka.consumer({ groupId: topic });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const got = [];
  await new Promise((done, fail) => {
    consumer
      .run({
        eachMessage: async ({ message }) => {
          got.push(message.value.length);
          if (got.length === 50) done();
        },
      })
      .catch(fail);
  });
  expect(
    got,
    numbers(50).map((n) => 5_000 + n),
  );
  await consumer.disconnect();
  await admin.disconnect();
  await refused(UNKNOWN, () =>
    make({ ca: [otherCa], cert: clientCert, key: clientKey })
      .admin()
      .connect(),
  );
}

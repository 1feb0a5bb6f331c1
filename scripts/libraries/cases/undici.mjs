import { Agent, fetch, request } from 'undici';
import { expect, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const at = `https://localhost:${ports.https}/`;
  const dispatcher = new Agent({ connect: { ca, cert: clientCert, key: clientKey } });
  for (let count = 0; count < 3; count++)
    expect(await (await fetch(at, { dispatcher })).json(), { from: 'warifu', length: 0 });
  const sent = await request(at, { dispatcher, method: 'POST', body: 'x'.repeat(200_000) });
  expect(await sent.body.json(), { from: 'warifu', length: 200_000 });
  await dispatcher.close();
  await refused(UNKNOWN, () => fetch(at, { dispatcher: new Agent({ connect: { ca: otherCa } }) }));
}

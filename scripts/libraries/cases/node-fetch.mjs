import https from 'node:https';
import fetch from 'node-fetch';
import { expect, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const at = `https://localhost:${ports.https}/`;
  const agent = new https.Agent({ ca, cert: clientCert, key: clientKey, keepAlive: true });
  for (let count = 0; count < 3; count++)
    expect(await (await fetch(at, { agent })).json(), { from: 'warifu', length: 0 });
  const sent = await fetch(at, { agent, method: 'POST', body: 'x'.repeat(200_000) });
  expect(await sent.json(), { from: 'warifu', length: 200_000 });
  agent.destroy();
  await refused(UNKNOWN, () => fetch(at, { agent: new https.Agent({ ca: otherCa }) }));
}

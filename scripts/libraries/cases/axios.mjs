import https from 'node:https';
import axios from 'axios';
import { expect, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const at = `https://localhost:${ports.https}/`;
  const agent = new https.Agent({ ca, cert: clientCert, key: clientKey, keepAlive: true });
  for (let count = 0; count < 3; count++)
    expect((await axios.get(at, { httpsAgent: agent })).data, { from: 'warifu', length: 0 });
  expect((await axios.post(at, 'x'.repeat(200_000), { httpsAgent: agent })).data, { from: 'warifu', length: 200_000 });
  agent.destroy();
  await refused(UNKNOWN, () => axios.get(at, { httpsAgent: new https.Agent({ ca: otherCa }) }));
}

import got from 'got';
import { expect, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const at = `https://localhost:${ports.https}/`;
  const https = { certificateAuthority: ca, certificate: clientCert, key: clientKey };
  for (let count = 0; count < 3; count++) expect(await got(at, { https }).json(), { from: 'warifu', length: 0 });
  const sent = got.post(at, { https, body: 'x'.repeat(200_000) });
  expect(await sent.json(), { from: 'warifu', length: 200_000 });
  await refused(UNKNOWN, () => got(at, { https: { certificateAuthority: otherCa }, retry: { limit: 0 } }).json());
}

// A server whose private key is not in its process.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { decodeSubjectPublicKeyInfo } from 'warifu/crypto';
import { createServer } from 'warifu/node';

const service = fork(new URL('key.js', import.meta.url), { serialization: 'advanced' });
const [{ publicKey }] = await once(service, 'message');
const waiting = new Map();
let last = 0;
service.on('message', ({ number, signature }) => {
  waiting.get(number)(signature);
  waiting.delete(number);
});

const privateKey = {
  publicKey: decodeSubjectPublicKeyInfo(publicKey),
  schemes: [0x0403], // ecdsa_secp256r1_sha256
  sign: (_scheme, message) =>
    new Promise((resolve) => {
      const number = ++last;
      waiting.set(number, resolve);
      service.send({ number, message });
    }),
};

const certificates = readFileSync('ca/server.crt', 'utf8');
const server = createServer({ credential: { certificates, privateKey } }, (socket) => socket.end('signed elsewhere\n'));
server.listen(process.env.PORT ?? 8443, () => console.log(`localhost:${server.address().port}`));

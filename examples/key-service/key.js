// The process that has the key, as a device or a service would: it signs, and never gives the key away.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const key = createPrivateKey(readFileSync('ca/server.key'));
process.send({ publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }) });
process.on('message', ({ number, message }) => process.send({ number, signature: sign('sha256', message, key) }));

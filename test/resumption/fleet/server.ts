import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from '../../../src/node/index.ts';
import { ticketSealer } from '../../../src/resumption/tickets.ts';
import { noble, serverCredential } from '../../support/credentials.ts';

/**
 * One of several servers, in a process of its own: echoes, and tells its port. Arguments: the secrets of its tickets in
 * hexadecimal, the first seals; how far its clock is ahead, in seconds.
 */
const [secrets, ahead = '0'] = process.argv.slice(2);
const clock = { now: () => Date.now() + Number(ahead) * 1000 };
const tickets = ticketSealer({
  crypto: noble,
  secrets: secrets!.split(',').map((hex) => Buffer.from(hex, 'hex')),
  rotation: 60,
});
const options = {
  credential: await serverCredential(),
  crypto: noble,
  clock,
  resumption: { tickets, context: 'the fleet' },
};
const listener = createServer(options, (socket) => {
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  socket.on('data', (bytes: Buffer) => void socket.write(bytes));
});
listener.listen(0, '127.0.0.1');
await once(listener, 'listening');
console.log(`port ${(listener.address() as AddressInfo).port}`);
process.stdin.on('end', () => process.exit()).resume();

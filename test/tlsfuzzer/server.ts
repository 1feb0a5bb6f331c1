/**
 * The servers that tlsfuzzer talks to: one process, a port for each profile. Says which on a line of standard output.
 * `--faults` tells why connections failed, on standard error.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { autoProvider } from '../../src/crypto/auto.ts';
import {
  secp256r1MlKem768,
  secp384r1MlKem1024,
  tlsAes128Ccm8Sha256,
  tlsAes128CcmSha256,
  x448,
} from '../../src/crypto/noble/index.ts';
import { Engine } from '../../src/engine/engine.ts';
import { type ServerOptions, serverConfig } from '../../src/engine/config/index.ts';
import { server12 } from '../../src/engine/protocols12.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { legacyServer12, legacySignatures } from '../../src/legacy.ts';
import { TlsSocket } from '../../src/node/socket.ts';
import { loadCredential } from '../../src/pki/credentials/credential.ts';
import { certificateVerifier } from '../../src/pki/verifiers/verifier.ts';
import { memoryReplayGuard, memoryServerSessions } from '../../src/resumption/stores.ts';
import { ticketSealer } from '../../src/resumption/tickets.ts';
import { authority, serverEntry, trustedRoots } from '../support/pki.ts';
import { type Application, type Profile, PROFILES } from './profiles.ts';

const crypto = autoProvider();
// Of old devices everything is asked for: the suites, the signatures, and the hello of SSL 2. X448 is younger, and wanted.
const old = legacySignatures({ ...crypto, groups: [...crypto.groups, x448] });
const legacy = legacyServer12(old, { ssl2Hello: true });
const faults = process.argv.includes('--faults');

const ports: { [name: string]: number } = {};
for (const [name, profile] of Object.entries<Profile>(PROFILES)) ports[name] = await listen(name, profile);
process.stdout.write(`${JSON.stringify(ports)}\n`);
// The one who started this holds the other end; when that is gone, so is this.
process.stdin.resume().once('end', () => process.exit(0));

async function listen(name: string, profile: Profile): Promise<number> {
  const config = serverConfig(await optionsOf(name, profile));
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (transport) => {
    void serve(new TlsSocket(new Engine(config), transport), transport, profile.application ?? 'http').catch(
      (error) => {
        if (faults) process.stderr.write(`${name}: ${error}\n`);
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function optionsOf(name: string, profile: Profile): Promise<ServerOptions> {
  const credential = await Promise.all(
    profile.keys.map((kind) => {
      const { chain, key } = serverEntry(kind);
      return loadCredential({ certificates: chain.join('\n'), privateKey: key }, cryptoFor(profile));
    }),
  );
  return {
    crypto: cryptoFor(profile),
    protocols: profile.protocols.map((protocol) =>
      protocol === '1.3' ? server13 : protocol === '1.2' ? server12 : legacy,
    ),
    credential,
    // Most of the scripts are older than the extension, or leave it out.
    requireExtendedMasterSecret: false,
    clientAuth: profile.clientAuth ?? 'none',
    // The scripts send a leaf and nothing else, so what issues it is trusted itself.
    verifier: certificateVerifier({
      anchors: [...trustedRoots(), authority('ecIntermediate'), authority('rsaIntermediate')],
      signatures: crypto.verifier,
    }),
    ...(profile.psk !== undefined && {
      psks: [{ identity: Buffer.from('test'), secret: new Uint8Array(32).fill(0xaa), hash: profile.psk }],
    }),
    ...profile.more,
    resumption: {
      tickets: ticketSealer({ crypto }),
      sessionIds: memoryServerSessions(),
      context: name,
      ...(profile.earlyData === true && { earlyData: { guard: memoryReplayGuard() } }),
      ...profile.more?.resumption,
    },
  };
}

/** What is opt-in, behind what is not. */
function cryptoFor({ extra, protocols }: Profile): typeof crypto {
  if (protocols.includes('1.2 legacy')) return old;
  if (extra === 'groups') return { ...crypto, groups: [...crypto.groups, x448, secp256r1MlKem768, secp384r1MlKem1024] };
  if (extra === 'ccm') return { ...crypto, suites: [...crypto.suites, tlsAes128CcmSha256, tlsAes128Ccm8Sha256] };
  return crypto;
}

async function serve(socket: TlsSocket, transport: Socket, application: Application): Promise<void> {
  transport.on('error', () => transport.destroy());
  socket.on('error', (error) => faults && process.stderr.write(`  ${error}\n`));
  await socket.secured();
  if (application === 'http, certificate at once') await socket.requestCertificate();
  let request = '';
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    if (application === 'echo') {
      socket.write(chunk);
      continue;
    }
    request += chunk.toString('latin1');
    // Some of the requests are megabytes of nothing: what counts is how they end.
    if (request.length > 65_536) request = request.slice(0, 64) + request.slice(-64);
    if (!/\r?\n\r?\n$/.test(request)) continue;
    await answer(socket, request, application);
    request = '';
  }
  socket.end();
}

async function answer(socket: TlsSocket, request: string, application: Application): Promise<void> {
  if (application === 'http, certificate on request' && request.startsWith('GET /secret'))
    await socket.requestCertificate();
  if (application === 'http, new keys on request' && request.startsWith('GET /keyupdate')) socket.updateKeys(true);
  socket.write(`HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n`);
}

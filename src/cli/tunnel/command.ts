import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { type ClientContext, createClientContext } from '../../contexts.ts';
import { autoProvider } from '../../crypto/auto.ts';
import { TlsError } from '../../errors.ts';
import { connect } from '../../node/connect.ts';
import type { TlsSocket } from '../../node/socket.ts';
import { loadCredential } from '../../pki/credentials/credential.ts';
import { revocationChecker } from '../../pki/revocation/revocation.ts';
import { systemRoots } from '../../pki/roots/system.ts';
import { pinnedVerifier } from '../../pki/verifiers/pins.ts';
import { certificateVerifier } from '../../pki/verifiers/verifier.ts';
import { client12, client13 } from '../../protocols.ts';
import type { Command, Given } from '../command.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { flagsOf, givenValues, readConfig, readSettings, sourceOfFlags } from '../listen/config.ts';
import { accessLog, refusalFields, tlsFields, type AccessLog } from '../listen/log.ts';
import type { Target, Where } from '../listen/places.ts';
import { dial, reasonOf } from '../listen/pool.ts';
import { fingerprintOf, Snapshot } from '../listen/snapshot.ts';
import { listenOn, placeText } from '../listen/sockets.ts';
import { join } from '../listen/tcp.ts';
import { codeOf, type Terminal } from '../terminal.ts';
import { TUNNEL_OPTIONS, type TunnelSettings } from './options.ts';

/** `warifu tunnel` */
export const tunnelCommand: Command = {
  name: 'tunnel',
  summary: 'plain TCP in, (mutual) TLS out: for programs that cannot',
  operands: '',
  help: `
Takes plain TCP on an address of this machine and carries it to a server over TLS, with a client certificate where the
server asks for one. The server is verified: --anchors or --pin says how. Nothing that comes in is sent
before the server has been verified.

  warifu tunnel --port 5432 --to db.example:5433 --anchors ca/root.crt --certificate ca/client.crt --key ca/client.key
  warifu tunnel --address unix:/run/db.sock --to 192.0.2.1:5433 --server-name db.example --anchors ca/root.crt
`,
  options: {
    config: { type: 'string', value: 'FILE', help: 'options in JSON, under the same names; flags take their place' },
    ...flagsOf(TUNNEL_OPTIONS),
  },
  run,
};

interface Live {
  readonly settings: TunnelSettings;
  readonly context: ClientContext;
}

async function run(given: Given, terminal: Terminal): Promise<number> {
  const note = (text: string): void => terminal.note(`warifu: ${text}`);
  const flags = givenValues(given, TUNNEL_OPTIONS);
  const load = (files: Snapshot): Promise<Live> => loadTunnel(flags, given.text('config'), files);
  let files = new Snapshot(terminal.path);
  let live = await load(files);
  const { settings } = live;
  const log = accessLog(settings.log, note);
  const open = new Set<Socket>();
  const servers: Server[] = [];
  for (const where of addressesOf(settings)) {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (plain) => {
      plain.on('error', () => {});
      if (open.size >= settings['max-connections']) {
        plain.destroy();
        return;
      }
      open.add(plain);
      plain.once('close', () => open.delete(plain));
      carry(plain, live, log).catch((error: unknown) => {
        note(String(error));
        plain.destroy();
      });
    });
    try {
      await listenOn(server, where);
    } catch (error) {
      for (const one of servers) one.close();
      throw new Failure(`it cannot listen on ${where.text} (${codeOf(error)})`);
    }
    servers.push(server);
  }
  const addresses = servers.map((server, index) => placeText(addressesOf(settings)[index], server));
  terminal.print(
    given.has('json') ? JSON.stringify({ event: 'listening', addresses }) : `listening on ${addresses.join(', ')}`,
  );
  let fingerprint = fingerprintOf(files.files.keys());
  const reload = async (why: string): Promise<void> => {
    const next = new Snapshot(terminal.path);
    try {
      live = await load(next);
      files = next;
      log.reopen();
      note(`${why}: reloaded`);
    } catch (error) {
      note(
        `${why}: not reloaded, everything stays as it is: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  const interval = settings['reload-interval'];
  const timer =
    interval > 0
      ? setInterval(() => {
          const now = fingerprintOf(files.files.keys());
          if (now === fingerprint) return;
          fingerprint = now;
          void reload('a file has changed');
        }, interval)
      : undefined;
  const onHangUp = (): void => void reload('SIGHUP');
  process.on('SIGHUP', onHangUp);
  const signal = await terminal.untilStopped();
  note(`${signal}: nothing new is taken`);
  process.off('SIGHUP', onHangUp);
  clearInterval(timer);
  const closed = servers.map((server) => new Promise<void>((done) => server.close(() => done())));
  const late = setTimeout(() => {
    for (const plain of open) plain.destroy();
  }, settings['drain-timeout']);
  await Promise.all(closed);
  clearTimeout(late);
  await log.close();
  return EXIT.ok;
}

async function loadTunnel(
  flags: { readonly [name: string]: unknown },
  config: string | undefined,
  files: Snapshot,
): Promise<Live> {
  const given = sourceOfFlags(flags);
  const settings = readSettings(TUNNEL_OPTIONS, config === undefined ? [given] : [readConfig(config, files), given]);
  const { to, anchors, pin, crl, certificate, key, alpn, versions } = settings;
  if (to.length === 0) throw usage('to: it is needed: the server, such as --to db.example:5433');
  if (
    settings.port === undefined &&
    settings.address.every((where) => where.port === undefined && where.path === undefined)
  )
    throw usage('port: it is needed: the port to take plain TCP on, such as --port 5432');
  if (anchors.length === 0 && pin.length === 0)
    throw usage('anchors: say how the server is verified: --anchors ca/root.crt, --anchors system or --pin sha256/…');
  if (key.length > 0 && certificate.length === 0) throw usage('key: it goes with certificate');
  if (certificate.length > 1 || key.length > 1) throw usage('certificate: there is one, with its key');
  const crypto = autoProvider();
  const trusted = anchors.flatMap((name) => (name === 'system' ? systemRoots().certificates : [files.read(name)]));
  const revocation =
    crl.length === 0 ? undefined : revocationChecker({ hash: crypto.hash, crls: crl.map((name) => files.read(name)) });
  const verifier =
    trusted.length === 0
      ? undefined
      : certificateVerifier({
          anchors: trusted,
          signatures: crypto.verifier,
          ...(revocation !== undefined && { revocation }),
        });
  if (verifier === undefined && crl.length > 0) throw usage('crl: it goes with anchors');
  const judge =
    pin.length > 0 ? pinnedVerifier({ crypto, keys: pin, ...(verifier !== undefined && { verifier }) }) : verifier;
  if (judge === undefined) throw usage('anchors: say how the server is verified');
  const [chain] = certificate;
  const [own] = key;
  const [password] =
    settings['password-file'] === undefined
      ? []
      : new TextDecoder().decode(files.read(settings['password-file'])).split(/\r?\n/);
  const credential =
    chain === undefined
      ? undefined
      : await loadCredential(
          {
            certificates: files.read(chain),
            ...(own !== undefined && { privateKey: files.read(own) }),
            ...(password !== undefined && { password }),
          },
          crypto,
        );
  const protocols = [client13, client12].filter(
    ({ version }) => versions.length === 0 || versions.includes(version === 0x0304 ? '1.3' : '1.2'),
  );
  const context = createClientContext({
    verifier: judge,
    protocols,
    ...(credential !== undefined && { credential }),
    ...(alpn.length > 0 && { alpn }),
  });
  await context.ready;
  return { settings, context };
}

function addressesOf(settings: TunnelSettings): readonly Where[] {
  const port = settings.port;
  if (settings.address.length === 0) return [{ text: `127.0.0.1:${port}`, host: '127.0.0.1', port, path: undefined }];
  return settings.address.map((where) =>
    where.path === undefined && where.port === undefined ? { ...where, text: `${where.text}:${port}`, port } : where,
  );
}

/** One connection, to the first server that can be reached and is who it has to be. */
async function carry(plain: Socket, { settings, context }: Live, log: AccessLog): Promise<void> {
  const began = Date.now();
  const client = `${plain.remoteAddress ?? 'local'}:${plain.remotePort ?? 0}`;
  // What comes is kept, by the socket itself, until the server is verified.
  plain.pause();
  const reasons: string[] = [];
  for (const target of settings.to) {
    let raw: Socket;
    try {
      raw = await dial(target, settings['connect-timeout']);
    } catch (error) {
      reasons.push(`${target.name}: ${reasonOf(error)}`);
      continue;
    }
    if (plain.destroyed) {
      raw.destroy();
      return;
    }
    const socket = connect(raw, {
      context,
      serverName: settings['server-name'] ?? nameOf(target),
      sessionKey: target.name,
      handshakeTimeout: settings['handshake-timeout'],
      allowHalfOpen: true,
    });
    if (
      !(await secured(socket, plain, (error) =>
        log.write({
          event: 'refused',
          client,
          server: target.name,
          ...refusalFields(error),
          milliseconds: Date.now() - began,
        }),
      ))
    ) {
      plain.destroy();
      return;
    }
    const how = await join(socket, plain, settings['idle-timeout']);
    log.write({
      event: 'connection',
      client,
      server: target.name,
      ...tlsFields(socket.info),
      authenticated: socket.info.authenticated === true,
      sent: socket.bytesWritten,
      received: socket.bytesRead,
      ended: how,
      milliseconds: Date.now() - began,
    });
    return;
  }
  log.write({
    event: 'refused',
    client,
    code: 'ERR_TRANSPORT',
    message: reasons.join('; '),
    milliseconds: Date.now() - began,
  });
  plain.destroy();
}

async function secured(socket: TlsSocket, plain: Socket, refused: (error: unknown) => void): Promise<boolean> {
  const gone = (): void => void socket.destroy(new TlsError('ERR_ABORTED', { detail: 'the program has gone' }));
  plain.once('close', gone);
  try {
    await socket.secured();
    socket.on('error', () => {});
    return true;
  } catch (error) {
    socket.on('error', () => {});
    refused(error);
    return false;
  } finally {
    plain.off('close', gone);
  }
}

function nameOf({ host, path, name }: Target): string {
  if (path !== undefined) throw usage(`server-name: it is needed for ${name}`);
  return host;
}

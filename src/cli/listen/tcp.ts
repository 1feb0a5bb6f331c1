import type { Socket } from 'node:net';
import { TlsError } from '../../errors.ts';
import type { TlsSocket } from '../../node/socket.ts';
import { readCertificate } from '../../pki/x509/certificate.ts';
import { attributeText, nameAttributes } from '../../pki/x509/general-name.ts';
import { isFinding, orMalformed } from '../../pki/x509/verdict.ts';
import { addressText, type Client } from './front.ts';
import { type AccessLog, clientFields, tlsFields } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { ListenSettings } from './options.ts';
import { dial, type Pool, reasonOf, type Server } from './pool.ts';
import { type ProxyTls, writeProxyV1, writeProxyV2 } from './proxy-protocol.ts';

/** A TCP listener: what comes is passed on, byte for byte, in both directions. */

export interface TcpParts {
  readonly name: string;
  settings(): ListenSettings;
  readonly pool: Pool;
  readonly log: AccessLog;
  readonly metrics: Metrics;
}

/** Finds a server for a client and joins the two until one of them ends. */
export async function serveTcp(client: Client, parts: TcpParts): Promise<void> {
  const { socket, ends, began } = client;
  const settings = parts.settings();
  let isGone = false;
  socket.on('error', () => {}).once('close', () => (isGone = true));
  const base = {
    event: 'connection',
    listener: parts.name,
    client: addressText(ends),
    ...tlsFields(socket.info),
    ...clientFields(socket.info),
  };
  const found = await findServer(parts, ends?.source.address, () => isGone);
  const ended = (server: Server | undefined, how: string): void => {
    parts.metrics.add('warifu_received_bytes_total', { listener: parts.name }, socket.bytesRead);
    parts.metrics.add('warifu_sent_bytes_total', { listener: parts.name }, socket.bytesWritten);
    parts.log.write({
      ...base,
      server: server?.target.name,
      received: socket.bytesRead,
      sent: socket.bytesWritten,
      ended: how,
      milliseconds: Date.now() - began,
    });
  };
  if ('why' in found) {
    // Not a clean end: it would look like an answer without content.
    if (!isGone) socket.destroy(new TlsError('ERR_ABORTED', { detail: found.why }));
    ended(undefined, isGone ? 'by the client, before there was a server' : `no server: ${found.why}`);
    return;
  }
  const { server, upstream } = found;
  if (settings['proxy-out'] === 'v1') upstream.write(writeProxyV1(ends));
  if (settings['proxy-out'] === 'v2') upstream.write(writeProxyV2(ends, proxyTls(socket)));
  const how = await join(socket, upstream, settings['idle-timeout']);
  server.active--;
  ended(server, how);
}

/** Tries servers until one takes the connection. */
async function findServer(
  { pool, settings, metrics, name }: TcpParts,
  address: string | undefined,
  isGone: () => boolean,
): Promise<{ readonly server: Server; readonly upstream: Socket } | { readonly why: string }> {
  const tried = new Set<Server>();
  const reasons: string[] = [];
  for (;;) {
    const server = pool.pick(address, tried);
    if (server === undefined) break;
    tried.add(server);
    server.active++;
    try {
      const upstream = await dial(server.target, settings()['connect-timeout']);
      pool.report(server, undefined);
      server.connections++;
      if (!isGone()) return { server, upstream };
      upstream.destroy();
      server.active--;
      return { why: 'the client has gone' };
    } catch (error) {
      server.active--;
      const why = reasonOf(error);
      pool.report(server, why);
      metrics.add('warifu_dropped_total', { listener: name, limit: 'server' }, 0);
      reasons.push(`${server.target.name}: ${why}`);
    }
  }
  return { why: reasons.length === 0 ? 'there is no server with a weight above 0' : reasons.join('; ') };
}

/**
 * Passes bytes on both ways until both directions have ended, one side fails, or nothing has come for a time. What was
 * received from one side reaches the other before it is told of an end or a failure.
 */
export function join(socket: TlsSocket, upstream: Socket, idle: number): Promise<string> {
  return new Promise((resolve) => {
    let how: string | undefined;
    const over = (text: string): void => {
      how ??= text;
    };
    const timer = idle > 0 ? setTimeout(() => timedOut(), idle) : undefined;
    timer?.unref();
    const timedOut = (): void => {
      over('idle-timeout');
      socket.end();
      upstream.end();
      socket.destroySoon();
      upstream.destroySoon();
    };
    let first: string | undefined;
    let isCutOff = false;
    socket.on('data', () => void timer?.refresh()).once('end', () => (first ??= 'by the client'));
    upstream.on('data', () => void timer?.refresh()).once('end', () => (first ??= 'by the server'));
    socket.pipe(upstream);
    upstream.pipe(socket);
    socket.once('error', (error) => {
      over(`the client failed: ${messageOf(error)}`);
      // What came from it goes to the server first. Then it is cut off: an end would make it look whole.
      isCutOff = !upstream.readableEnded && !upstream.writableEnded;
      if (isCutOff) upstream.write('', () => reset(upstream));
      else upstream.end(() => upstream.destroy());
    });
    upstream.once('error', (error) => {
      over(`the server failed: ${reasonOf(error)}`);
      // What came from the server goes out first; then it is cut off, for this is no clean end.
      socket.write(new Uint8Array(0), () =>
        socket.destroy(new TlsError('ERR_ABORTED', { detail: 'the server failed' })),
      );
    });
    const closed = (): void => {
      if (!socket.destroyed || !upstream.destroyed) return;
      clearTimeout(timer);
      resolve(how ?? first ?? 'by both');
    };
    socket.once('close', () => {
      if (!upstream.destroyed && !isCutOff) upstream.end(() => upstream.destroy());
      closed();
    });
    upstream.once('close', () => {
      closed();
    });
  });
}

/** Unix sockets know no reset. */
function reset(socket: Socket): void {
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

function messageOf(error: unknown): string {
  return error instanceof TlsError ? error.message : reasonOf(error);
}

/** What version 2 of the PROXY protocol says of TLS. */
function proxyTls({ info }: TlsSocket): ProxyTls {
  const { version, suite, alpn, serverName, peer } = info;
  return {
    version: version ?? '',
    cipher: suite?.name ?? '',
    alpn,
    serverName,
    client: peer === undefined ? 'none' : peer.verdict.ok ? 'good' : 'bad',
    commonName: commonNameOf(peer?.chain[0]),
  };
}

/** The last CN of the subject. */
function commonNameOf(leaf: Uint8Array | undefined): string | undefined {
  if (leaf === undefined) return undefined;
  const names = orMalformed(
    () =>
      nameAttributes(readCertificate(leaf).subject)
        .flat()
        .filter(({ oid }) => oid === '2.5.4.3'),
    '',
  );
  const last = isFinding(names) ? undefined : names.at(-1);
  return last && attributeText(last);
}

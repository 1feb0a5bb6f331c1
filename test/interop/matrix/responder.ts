import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { material, stapleBytes } from './material.ts';

/** OCSPResponse that says no more than: unauthorized (RFC 6960 section 4.2.1). */
const UNAUTHORIZED = Uint8Array.of(0x30, 0x03, 0x0a, 0x01, 0x06);

/** An OCSP responder on loopback, that knows the certificate of our server and no other (RFC 6960 appendix A). */
export async function startResponder(): Promise<{ readonly url: string; close(): void }> {
  const serial = Buffer.from(new X509Certificate(readFileSync(material().server.cert)).serialNumber, 'hex');
  const responder = createServer(async (request, response) => {
    const asked = await requestOf(request);
    response.setHeader('content-type', 'application/ocsp-response');
    response.end(asked.includes(serial) ? stapleBytes() : UNAUTHORIZED);
  });
  responder.listen(0, '127.0.0.1');
  await once(responder, 'listening');
  const { port } = responder.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => responder.close() };
}

async function requestOf(request: IncomingMessage): Promise<Buffer> {
  if (request.method === 'GET') return Buffer.from(decodeURIComponent(request.url!.slice(1)), 'base64');
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

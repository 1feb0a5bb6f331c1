import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { toHex } from '../../bytes/bytes.ts';
import {
  type Authority,
  createOcspError,
  createOcspResponse,
  issueCertificate,
  type KeyPair,
  type OcspResponseOptions,
  type OcspStatus,
  readOcspRequest,
} from '../../pki/issue/index.ts';
import { readCertificates } from '../../pki/path/anchors.ts';
import type { CertId } from '../../pki/revocation/ocsp.ts';
import type { Certificate } from '../../pki/x509/certificate.ts';
import { decodeBase64, encodeBase64 } from '../../pki/x509/pem.ts';
import { TlsError } from '../../errors.ts';
import { writeFileSync } from 'node:fs';
import type { Command, Given } from '../command.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { codeOf, readFile, type Terminal } from '../terminal.ts';
import { existingFolder, FOLDER_OPTIONS, openFolder } from './authority.ts';
import type { CaFolder } from './folder.ts';

/** `warifu ca ocsp` */
export const ocspCommand: Command = {
  name: 'ca ocsp',
  summary: 'answer questions about revocation, or make an answer to be stapled',
  operands: '',
  help: `
Runs an OCSP responder (RFC 6960) for what was issued here, until it is stopped. It looks at the folder for each question,
so a certificate that is revoked is revoked at once. With --staple it writes one answer into a file and ends.

  warifu ca ocsp --port 8080
  warifu ca ocsp --staple ca/server.crt --out server.ocsp
`,
  options: {
    ...FOLDER_OPTIONS,
    port: { type: 'string', value: 'PORT', help: 'to listen on (default: 8080; 0: a free one)' },
    address: { type: 'string', value: 'ADDRESS', help: 'to listen on (default: 127.0.0.1)' },
    hours: { type: 'string', value: 'HOURS', help: 'that an answer is valid (default: 24)' },
    staple: { type: 'string', value: 'FILE', help: 'the certificate to make an answer for' },
    out: { type: 'string', value: 'FILE', help: 'where to write it (default: standard output)' },
  },
  run,
};

/** Bytes; a question about one certificate is about a hundred. */
const MAX_REQUEST = 65_536;

interface Responder {
  readonly folder: CaFolder;
  readonly intermediate: Authority;
  readonly own: { readonly certificate: Certificate; readonly key: KeyPair };
  /** Milliseconds. */
  readonly validity: number;
}

async function run(given: Given, terminal: Terminal): Promise<number> {
  if (given.text('out') !== undefined && given.text('staple') === undefined) throw usage('--out goes with --staple');
  const folder = existingFolder(given, terminal);
  const { intermediate } = await openFolder(folder, given, terminal);
  const { certificate, keyPair } = await issueCertificate({
    issuer: intermediate,
    subject: 'warifu ca ocsp',
    purpose: 'ocspSigning',
    ocspNoCheck: true,
    days: 30,
  });
  if (keyPair === undefined) throw new Failure('the key of the responder was not made');
  const validity = (given.number('hours', 1) ?? 24) * 3_600_000;
  const responder = { folder, intermediate, own: { certificate, key: keyPair }, validity };
  const staple = given.text('staple');
  if (staple !== undefined) return await writeStaple(responder, staple, given, terminal);
  return await serve(responder, given, terminal);
}

async function writeStaple(responder: Responder, file: string, given: Given, terminal: Terminal): Promise<number> {
  const [leaf] = readCertificates([readFile(terminal, responder.folder.locate(terminal.path(file)))], file);
  if (leaf === undefined) throw new Failure(`${file}: there is no certificate in it`);
  const response = await answer(responder, [leaf], undefined);
  const out = given.text('out');
  if (out === undefined && given.has('json')) terminal.print(JSON.stringify({ base64: encodeBase64(response) }));
  else if (out === undefined) terminal.printBytes(response);
  else {
    try {
      writeFileSync(terminal.path(out), response);
    } catch (error) {
      throw new Failure(`${out}: it cannot be written (${codeOf(error)})`);
    }
    if (given.has('json')) terminal.print(JSON.stringify({ out: terminal.path(out) }));
  }
  return EXIT.ok;
}

async function serve(responder: Responder, given: Given, terminal: Terminal): Promise<number> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    respond(responder, request, response).catch((error: unknown) => {
      terminal.note(`warifu: ${error instanceof Error ? error.message : String(error)}`);
      send(response, createOcspError('internalError'));
    });
  });
  const port = await listen(server, given.number('port', 0, 65_535) ?? 8080, given.text('address') ?? '127.0.0.1');
  const url = `http://${given.text('address') ?? '127.0.0.1'}:${port}/`;
  terminal.print(given.has('json') ? JSON.stringify({ url }) : `answering on ${url}`);
  const signal = await terminal.untilStopped();
  terminal.note(`warifu: ${signal}, so it ends`);
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  return EXIT.ok;
}

function listen(server: Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new Failure(`it cannot listen on ${address}, port ${port} (${codeOf(error)})`)),
    );
    server.listen(port, address, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });
}

async function respond(responder: Responder, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = await requestOf(request);
  if (asked === undefined) {
    response.writeHead(request.method === 'GET' || request.method === 'POST' ? 400 : 405).end();
    return;
  }
  let read: ReturnType<typeof readOcspRequest>;
  try {
    read = readOcspRequest(asked);
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    send(response, createOcspError('malformedRequest'));
    return;
  }
  try {
    send(response, await answer(responder, read.requests, read.nonce));
  } catch (error) {
    // Certificates of others are none of our business (RFC 6960 section 2.3).
    if (!(error instanceof TlsError) || error.code !== 'ERR_OPTION') throw error;
    send(response, createOcspError('unauthorized'));
  }
}

function send(response: ServerResponse, body: Uint8Array): void {
  if (response.headersSent) return;
  response.writeHead(200, { 'content-type': 'application/ocsp-response', 'content-length': body.length }).end(body);
}

/** POST with the question as its body, or GET with it in the path (RFC 6960 appendix A.1). Undefined: neither. */
async function requestOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  if (request.method === 'GET') {
    try {
      return decodeBase64(decodeURIComponent((request.url ?? '').replace(/^.*?\//, '')), 'the path');
    } catch {
      return undefined;
    }
  }
  if (request.method !== 'POST') return undefined;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MAX_REQUEST) return undefined;
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}

async function answer(
  { folder, intermediate, own, validity }: Responder,
  questions: readonly (Certificate | CertId)[],
  nonce: Uint8Array | undefined,
): Promise<Uint8Array> {
  const { issued } = folder.state();
  const responses = questions.map((certificate): OcspStatus => {
    const record = issued.find(({ serial }) => serial === toHex(certificate.serial));
    if (record === undefined) return { certificate, status: 'unknown' };
    if (record.revoked === undefined) return { certificate, status: 'good' };
    return { certificate, status: 'revoked', revokedAt: record.revoked.at, reason: record.revoked.reason };
  });
  const options: OcspResponseOptions = {
    issuer: intermediate,
    responder: own,
    responses,
    nextUpdate: Date.now() + validity,
    ...(nonce !== undefined && nonce.length > 0 && nonce.length <= 128 && { nonce }),
  };
  return await createOcspResponse(options);
}

import { createWriteStream, type WriteStream } from 'node:fs';
import { alertDescriptionName } from '../../inspect/names.ts';
import { TlsError } from '../../errors.ts';
import { toHex } from '../../bytes/bytes.ts';
import { printable } from '../../bytes/text.ts';
import type { HandshakeInfo, PeerInfo } from '../../handshake/context.ts';
import { identitiesOf } from '../../pki/path/details.ts';
import { readCertificate } from '../../pki/x509/certificate.ts';
import { isFinding, orMalformed } from '../../pki/x509/verdict.ts';
import { jsonText } from '../json-text.ts';

/** The access log: one line of JSON for each connection, request and refusal. */

export interface AccessLog {
  write(entry: { readonly event: string; readonly [name: string]: unknown }): void;
  /** Opens the file anew, for those who rename it. */
  reopen(): void;
  close(): Promise<void>;
}

/** @param place a file, `-` for standard output, `off`. */
export function accessLog(place: string, tell: (text: string) => void): AccessLog {
  if (place === 'off') return { write: () => {}, reopen: () => {}, close: async () => {} };
  let stream: WriteStream | undefined = place === '-' ? undefined : openFile(place, tell);
  return {
    write: (entry) => {
      const line = `${logLine({ time: new Date().toISOString(), ...entry })}\n`;
      if (stream === undefined) process.stdout.write(line);
      else stream.write(line);
    },
    reopen: () => {
      if (stream === undefined) return;
      stream.end();
      stream = openFile(place, tell);
    },
    close: () => new Promise((done) => (stream === undefined ? done() : stream.end(done))),
  };
}

/** Characters of one text, and members of one list: a client does not choose how much is written about it. */
const MAX_TEXT = 2_000;
const MAX_LIST = 32;

function logLine(entry: { readonly [name: string]: unknown }): string {
  return jsonText(entry, (_name, value: unknown) => {
    if (typeof value === 'string') return value.length > MAX_TEXT ? printable(value, MAX_TEXT) : value;
    if (!Array.isArray(value) || value.length <= MAX_LIST) return value;
    return [...value.slice(0, MAX_LIST), `and ${value.length - MAX_LIST} more`];
  });
}

function openFile(path: string, tell: (text: string) => void): WriteStream {
  return createWriteStream(path, { flags: 'a', mode: 0o640 }).on('error', (error) =>
    tell(`the access log cannot be written: ${error.message}`),
  );
}

/** What was agreed on. */
export function tlsFields(info: Readonly<HandshakeInfo>): { readonly [name: string]: unknown } {
  return {
    serverName: info.serverName,
    version: info.version,
    suite: info.suite?.name,
    group: info.group?.name,
    alpn: info.alpn,
    resumed: info.resumed === true,
  };
}

/** What is thought of the client's certificate: nothing was asked, there is none, it is good, or why it is not. */
export function clientFields(info: Readonly<HandshakeInfo>): { readonly [name: string]: unknown } {
  const { peer } = info;
  if (peer === undefined) return { verdict: info.certificateRequested === true ? 'missing' : 'not asked for' };
  const named = nameFields(peer);
  const { verdict } = peer;
  if (verdict.ok) {
    const revocation = verdict.details?.revocation.map(({ status }) => status);
    return { verdict: 'valid', ...named, ...(revocation !== undefined && revocation.length > 0 && { revocation }) };
  }
  return { verdict: 'invalid', ...failureFields(verdict.failure), ...named };
}

function nameFields({ chain: [leaf] }: PeerInfo): { readonly [name: string]: unknown } {
  if (leaf === undefined) return {};
  const read = orMalformed(() => {
    const certificate = readCertificate(leaf);
    return { serial: toHex(certificate.serial), names: identitiesOf(certificate) };
  }, '');
  if (isFinding(read)) return {};
  const { names, serial } = read;
  const listed = { dns: names.dns, emails: names.emails, uris: names.uris };
  return {
    subject: names.subject,
    serial,
    ...Object.fromEntries(Object.entries(listed).filter(([, list]) => list.length > 0)),
  };
}

/** Why a handshake was refused: which certificate, what was looked at, expected, found, and what mends it. */
export function refusalFields(error: unknown): { readonly [name: string]: unknown } {
  if (!(error instanceof TlsError)) return { code: 'ERR_TRANSPORT', message: String(error) };
  return {
    code: error.code,
    ...(error.failure === undefined ? { message: error.message } : failureFields(error.failure)),
    ...(error.alert !== undefined && { alert: `${alertDescriptionName(error.alert)} (${error.alert})` }),
    ...(error.alertReceived !== undefined && {
      alertReceived: `${alertDescriptionName(error.alertReceived)} (${error.alertReceived})`,
    }),
    ...(error.rfc !== undefined && { rfc: error.rfc }),
    ...remedyFor(error),
  };
}

function failureFields(failure: NonNullable<TlsError['failure']>): { readonly [name: string]: unknown } {
  const { code, message, certificate, expected, found, advice } = failure;
  return {
    failure: code,
    message,
    ...(certificate !== undefined && { certificate }),
    ...(expected !== undefined && { expected }),
    ...(found !== undefined && { found }),
    remedy: advice ?? REMEDIES[code] ?? 'see docs/errors.md',
  };
}

const REMEDIES: { readonly [code: string]: string } = {
  CERT_EXPIRED: 'the client needs a new certificate, or its clock, or ours, is wrong',
  CERT_NOT_YET_VALID: "the client's certificate is for later, or its clock, or ours, is wrong",
  CERT_REVOKED: 'the client needs a new certificate',
  CERT_UNTRUSTED:
    'the client needs a certificate of an authority that is among the anchors, or its authority has to be added to them',
  CERT_SELF_SIGNED:
    'the client needs a certificate of an authority that is among the anchors, or its own has to be added to them',
  CERT_MISSING_INTERMEDIATE:
    'the client has to send its intermediate certificates, or they have to be given as intermediates',
  CERT_EXTENDED_KEY_USAGE: 'the client needs a certificate for clients (clientAuth), or any-purpose has to be set',
  CERT_REFUSED: 'look at the rules allow and deny',
  CERT_WEAK_KEY: 'the client needs a certificate with a stronger key',
  CERT_WEAK_ALGORITHM: 'the client needs a certificate with a stronger signature',
};

function remedyFor({ code, alertReceived, failure }: TlsError): { readonly remedy?: string } {
  if (failure !== undefined) return {};
  switch (code) {
    case 'ERR_CERTIFICATE_REQUIRED':
    case 'ERR_CERTIFICATE_REQUIRED_12':
      return { remedy: 'the client has to show a certificate of one of our anchors; with auth optional it need not' };
    case 'ERR_NOT_TLS':
      return { remedy: 'the client does not speak TLS: it may have been sent to the wrong port, or not know of TLS' };
    case 'ERR_VERSION':
      return { remedy: 'the client speaks only versions that are not offered here: see versions and policy' };
    case 'ERR_NO_SHARED_SUITE':
    case 'ERR_NO_SHARED_GROUP':
      return { remedy: 'see policy, suites and groups' };
    case 'ERR_NO_SHARED_ALPN':
      return { remedy: 'see alpn' };
    case 'ERR_UNRECOGNIZED_NAME':
      return { remedy: 'there is no certificate for this name: add one, or write unknown-name: default' };
    case 'ERR_TRUNCATED':
      return {
        remedy:
          'the client hung up within the handshake: browsers do so while they ask which certificate to show, and come again; a client that does not come again may say why in its own log',
      };
    case 'ERR_HANDSHAKE_TIMEOUT':
      return { remedy: 'the client was too slow: see handshake-timeout' };
    case 'ERR_ALERT_RECEIVED':
      return alertReceived === 48 || alertReceived === 42 || alertReceived === 46
        ? {
            remedy:
              'the client does not trust our certificate: it needs our root (root.crt), or we have to send the intermediates',
          }
        : {};
    default:
      return {};
  }
}

import { TlsError } from '../../../errors.ts';
import { decode } from '../../../wire/codec.ts';
import { readExtensions } from '../../../wire/extension.ts';
import { alpn } from '../../../wire/extensions/alpn.ts';
import { certificateAuthorities } from '../../../wire/extensions/certificate-authorities.ts';
import { earlyData } from '../../../wire/extensions/early-data.ts';
import { maxFragmentLength } from '../../../wire/extensions/max-fragment-length.ts';
import { oidFilters } from '../../../wire/extensions/oid-filters.ts';
import { recordSizeLimit } from '../../../wire/extensions/record-size-limit.ts';
import { serverName } from '../../../wire/extensions/server-name.ts';
import { signatureAlgorithms } from '../../../wire/extensions/signature-algorithms.ts';
import { signatureAlgorithmsCert } from '../../../wire/extensions/signature-algorithms-cert.ts';
import { signedCertificateTimestamp } from '../../../wire/extensions/signed-certificate-timestamp.ts';
import { statusRequest } from '../../../wire/extensions/status-request.ts';
import { TLS_1_3 } from '../../../wire/ids.ts';
import { Certificate, CertificateRequest, EncryptedExtensions } from '../../../wire/messages13.ts';
import type { ClientConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import type { Arrival } from '../../machine.ts';
import { AuthenticatedPeer, readEntries } from '../../authentication/certificates.ts';
import { applySizes, selectedProtocol } from '../../negotiated.ts';
import { KNOWN_EXTENSIONS } from '../known-extensions.ts';
import { earlyDataRefused } from './hello.ts';
import type { EarlySent } from './psk.ts';
import type { Step } from '../../requests.ts';
import type {
  CertificateAsked,
  CertificateShown,
  ReadRequest,
  SecretsAgreed,
  ServerProven,
  ServerProving,
} from './states.ts';

/** RFC 9846 section 4.4.1. */
export function encryptedExtensions(
  data: SecretsAgreed,
  message: Arrival,
  context: Context<ClientConfig>,
): ({ readonly to: 'WAIT_CERT_CR' } & ServerProving) | ({ readonly to: 'WAIT_FINISHED' } & ServerProven) {
  const { effects, config } = context;
  const { extensions: raw } = decode(EncryptedExtensions, message.body);
  const extensions = readExtensions('EncryptedExtensions', raw, KNOWN_EXTENSIONS, { offered: data.sent });
  const protocol = selectedProtocol(extensions.get(alpn), config);
  if (protocol !== undefined) effects.info('alpn', protocol);
  if (config.sendServerName && config.serverName !== undefined) {
    effects.info('serverName', config.serverName);
    effects.info('serverNameAcknowledged', extensions.has(serverName.id));
  }
  applySizes(extensions.get(recordSizeLimit), extensions.get(maxFragmentLength), TLS_1_3, context);
  data.transcript.add(message.raw);
  // RFC 9846 §4.3.11-9
  const early = earlyDataAnswer(data, extensions.has(earlyData.id), protocol, context);
  const { psk, ...rest } = data;
  if (psk === undefined) return { to: 'WAIT_CERT_CR', ...rest, alpn: protocol };
  return { to: 'WAIT_FINISHED', ...rest, alpn: protocol, peer: psk, request: undefined, presented: undefined, early };
}

/** RFC 9846 section 4.3.10: early data is taken only for what it was sent for. */
function earlyDataAnswer(
  { early, suite, schedule }: SecretsAgreed,
  accepted: boolean,
  protocol: string | undefined,
  context: Context<ClientConfig>,
): EarlySent | undefined {
  const { effects } = context;
  if (!accepted) {
    if (early === undefined) return undefined;
    earlyDataRefused(early, 'the server refused it', context);
    effects.keys('write', 'handshake', suite, schedule.clientTraffic);
    return undefined;
  }
  if (early === undefined)
    throw new TlsError('ERR_SELECTED_PSK', { detail: 'early data goes with the first PSK only' });
  if (early.suite.id !== suite.id)
    throw new TlsError('ERR_SELECTED_SUITE', { detail: `early data was sent with ${early.suite.name}` });
  if (early.alpn !== protocol)
    throw new TlsError('ERR_SELECTED_ALPN', { detail: `early data was sent for ${early.alpn ?? 'none'}` });
  effects.info('earlyData', { accepted: true, bytes: early.bytes });
  return early;
}

/** RFC 9846 section 4.4.2. Its context is empty in the main handshake. */
export function certificateRequest(
  data: ServerProving,
  message: Arrival,
  context: Context<ClientConfig>,
): { readonly to: 'WAIT_CERT' } & CertificateAsked {
  const request = readCertificateRequest(message.body);
  if (request.requestContext.length !== 0)
    throw new TlsError('ERR_REQUEST_CONTEXT', { detail: 'it has to be empty here' });
  data.transcript.add(message.raw);
  context.effects.info('certificateRequested', true);
  return { to: 'WAIT_CERT', ...data, request };
}

export function readCertificateRequest(body: Uint8Array): ReadRequest {
  const { requestContext, extensions: raw } = decode(CertificateRequest, body);
  const extensions = readExtensions('CertificateRequest', raw, KNOWN_EXTENSIONS);
  const schemes = extensions.get(signatureAlgorithms);
  if (schemes === undefined) {
    throw new TlsError('ERR_MISSING_EXTENSION', { detail: 'CertificateRequest has no signature_algorithms' });
  }
  return {
    requestContext,
    query: {
      role: 'client',
      version: 0x0304,
      schemes,
      certificateSchemes: extensions.get(signatureAlgorithmsCert) ?? schemes,
      authorities: extensions.get(certificateAuthorities) ?? [],
      oidFilters: extensions.get(oidFilters) ?? [],
    },
    wantsOcsp: extensions.has(statusRequest.id),
    wantsSct: extensions.has(signedCertificateTimestamp.id),
  };
}

/** RFC 9846 section 4.5.1. */
export function certificate(
  data: ServerProving & { readonly request?: ReadRequest | undefined },
  message: Arrival,
): { readonly to: 'WAIT_CV' } & CertificateShown {
  const shown = decode(Certificate, message.body);
  if (shown.requestContext.length !== 0) throw new TlsError('ERR_REQUEST_CONTEXT', { detail: 'a server has none' });
  if (shown.entries.length === 0) throw new TlsError('ERR_EMPTY_CERTIFICATE');
  const presented = readEntries(shown, data.sent);
  data.transcript.add(message.raw);
  return { to: 'WAIT_CV', ...data, request: data.request, presented };
}

/** RFC 9846 section 4.5.2. */
export function* certificateVerify(
  data: CertificateShown,
  message: Arrival,
  context: Context<ClientConfig>,
): Step<{ readonly to: 'WAIT_FINISHED' } & ServerProven> {
  const { config } = context;
  const subject = {
    presented: data.presented,
    verifier: config.verifier,
    serverName: config.serverName,
    tolerant: false,
  };
  const peer = yield* AuthenticatedPeer.authenticate(subject, data.transcript.digest(), message.body, context);
  context.effects.info('peer', peer.info);
  data.transcript.add(message.raw);
  return { to: 'WAIT_FINISHED', ...data, peer, early: undefined };
}

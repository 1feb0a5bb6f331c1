import { credentialResolver } from '../../authentication/choose-credential.ts';
import { whyRefused } from '../../authentication/credential-fit.ts';
import { TlsError } from '../../../errors.ts';
import { encode } from '../../../wire/codec.ts';
import { type RawExtension, writeExtension } from '../../../wire/extension.ts';
import { alpn } from '../../../wire/extensions/alpn.ts';
import { certificateAuthorities } from '../../../wire/extensions/certificate-authorities.ts';
import { earlyData } from '../../../wire/extensions/early-data.ts';
import { maxFragmentLength } from '../../../wire/extensions/max-fragment-length.ts';
import { oidFilters } from '../../../wire/extensions/oid-filters.ts';
import { postHandshakeAuth } from '../../../wire/extensions/post-handshake-auth.ts';
import { recordSizeLimit } from '../../../wire/extensions/record-size-limit.ts';
import { serverName } from '../../../wire/extensions/server-name.ts';
import { signatureAlgorithms } from '../../../wire/extensions/signature-algorithms.ts';
import { signatureAlgorithmsCert } from '../../../wire/extensions/signature-algorithms-cert.ts';
import { signedCertificateTimestamp } from '../../../wire/extensions/signed-certificate-timestamp.ts';
import { statusRequest } from '../../../wire/extensions/status-request.ts';
import { certificateAuthorities as clientAuthorities } from '../../../wire/extensions/certificate-authorities.ts';
import { encodeHandshake } from '../../../wire/handshake.ts';
import {
  HANDSHAKE_CERTIFICATE_REQUEST,
  HANDSHAKE_ENCRYPTED_EXTENSIONS,
  HANDSHAKE_FINISHED,
} from '../../../wire/ids.ts';
import { CertificateRequest, EncryptedExtensions } from '../../../wire/messages13.ts';
import type { ServerConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import { request, type ContextSelection, type Step } from '../../requests.ts';
import type { Credential, CredentialQuery, PeerVerifier } from '../../peer.ts';
import { proveOurselves } from '../../authentication/certificates.ts';
import { MAX_CONTENT, readRecordSizeLimit } from '../../limits.ts';
import type { SelectedPsk } from '../../authentication/psk.ts';
import type { ReadHello } from './choose.ts';
import { clientRules } from '../../authentication/session-binding.ts';
import type { Answered, FlightSent } from './states.ts';

export type AwaitingClient =
  | ({ readonly to: 'WAIT_CERT' } & FlightSent)
  | ({ readonly to: 'WAIT_FINISHED' } & FlightSent & {
        readonly peer: SelectedPsk | undefined;
        readonly presented: undefined;
      });

/** EncryptedExtensions to Finished, in one flight. With early data, its end comes before the client's own flight. */
export function* sendFlight(answered: Answered, context: Context<ServerConfig>): Step<AwaitingClient> {
  const { effects, config } = context;
  const { read, suite, schedule, transcript, choices, protocol, psk, credential, binding } = answered;
  const { clientAuth, verifier } = clientRules(choices, config);
  const send = (message: Uint8Array): void => {
    transcript.add(message);
    effects.send(message);
  };

  send(encryptedExtensions(answered, context));
  // With a PSK no side shows a certificate, and none is asked for (RFC 9846 section 4.4.2).
  const asks = clientAuth !== 'none' && psk === undefined;
  const request = asks ? certificateRequest(new Uint8Array(0), verifier, config) : undefined;
  if (request !== undefined) send(encodeHandshake(HANDSHAKE_CERTIFICATE_REQUEST, encode(CertificateRequest, request)));
  if (credential !== undefined) {
    const wants = {
      schemes: read.schemes,
      wantsOcsp: read.extensions.get(statusRequest) !== undefined,
      wantsSct: read.extensions.has(signedCertificateTimestamp.id),
      requestContext: new Uint8Array(0),
    };
    for (const message of yield* proveOurselves(credential, wants, transcript, context)) effects.send(message);
  }
  send(encodeHandshake(HANDSHAKE_FINISHED, schedule.finished('server', transcript.digest())));

  const main = context.own(schedule.intoMain(transcript.digest()));
  effects.log('CLIENT_TRAFFIC_SECRET_0', main.clientTraffic);
  effects.log('SERVER_TRAFFIC_SECRET_0', main.serverTraffic);
  effects.log('EXPORTER_SECRET', main.exporterSecret);
  effects.keys('write', 'application', suite, main.serverTraffic);
  effects.info('authenticated', psk === undefined || psk.meaning.authenticated);
  if (protocol !== undefined) effects.info('alpn', protocol);
  effects.info('certificateRequested', request !== undefined);
  const sent: FlightSent = {
    suite,
    schedule,
    main,
    transcript,
    serverName: read.summary.serverName,
    mayAskPostHandshake: read.extensions.has(postHandshakeAuth.id),
    rules: { clientAuth, verifier, requested: new Set(request?.extensions.map(({ type }) => type)) },
    psk,
    binding,
  };
  return request === undefined
    ? { to: 'WAIT_FINISHED', ...sent, peer: psk, presented: undefined }
    : { to: 'WAIT_CERT', ...sent };
}

// RFC 9846 §4.3.5-1
/** RFC 9846 section 4.4.2. */
export function certificateRequest(
  requestContext: Uint8Array,
  verifier: PeerVerifier | undefined,
  config: ServerConfig,
): CertificateRequest {
  const extensions: RawExtension[] = [
    writeExtension(
      signatureAlgorithms,
      'CertificateRequest',
      config.signatures.map(({ id }) => id),
    ),
  ];
  if (config.certificateSignatures !== undefined) {
    extensions.push(writeExtension(signatureAlgorithmsCert, 'CertificateRequest', [...config.certificateSignatures]));
  }
  const authorities = config.authorities ?? verifier?.authorities ?? [];
  if (authorities.length > 0)
    extensions.push(writeExtension(certificateAuthorities, 'CertificateRequest', [...authorities]));
  if (config.oidFilters.length > 0)
    extensions.push(writeExtension(oidFilters, 'CertificateRequest', [...config.oidFilters]));
  if (verifier?.wantsOcsp === true) extensions.push(writeExtension(statusRequest, 'CertificateRequest', undefined));
  if (verifier?.wantsSct === true)
    extensions.push(writeExtension(signedCertificateTimestamp, 'CertificateRequest', undefined));
  return { requestContext, extensions };
}

/** RFC 9846 section 4.4.1. Only what answers an extension of the client. */
function encryptedExtensions({ read, protocol, early, psk }: Answered, context: Context<ServerConfig>): Uint8Array {
  const { effects, config } = context;
  const extensions: RawExtension[] = [];
  // RFC 6066 section 3: a session that is resumed has its name already.
  if (read.summary.serverName !== undefined && psk === undefined)
    extensions.push(writeExtension(serverName, 'EncryptedExtensions', undefined));
  if (protocol !== undefined) extensions.push(writeExtension(alpn, 'EncryptedExtensions', [protocol]));
  if (early) extensions.push(writeExtension(earlyData, 'EncryptedExtensions', undefined));
  const limit = read.extensions.get(recordSizeLimit);
  const fragment = read.extensions.get(maxFragmentLength);
  if (limit !== undefined) {
    // RFC 8449 section 5: max_fragment_length is ignored where both are there.
    const ours = config.recordSizeLimit ?? MAX_CONTENT;
    effects.limit('write', readRecordSizeLimit(limit, true));
    effects.limit('read', ours);
    extensions.push(writeExtension(recordSizeLimit, 'EncryptedExtensions', ours + 1));
  } else if (fragment !== undefined) {
    const bytes = 2 ** (fragment + 8);
    effects.limit('write', bytes);
    effects.limit('read', bytes);
    extensions.push(writeExtension(maxFragmentLength, 'EncryptedExtensions', fragment));
  }
  return encodeHandshake(HANDSHAKE_ENCRYPTED_EXTENSIONS, encode(EncryptedExtensions, { extensions }));
}

/** What to show this client. @throws TlsError ERR_NO_CREDENTIAL, ERR_UNRECOGNIZED_NAME when there is nothing. */
export function* findCredential(
  read: ReadHello,
  protocol: string | undefined,
  choices: ContextSelection,
  context: Context<ServerConfig>,
): Step<Credential> {
  const { config } = context;
  const resolver =
    choices.credential === undefined ? config.credential : credentialResolver(choices.credential, config);
  const query: CredentialQuery = {
    role: 'server',
    version: 0x0304,
    serverName: read.summary.serverName,
    alpn: protocol === undefined ? read.summary.alpn : [protocol],
    schemes: read.schemes,
    certificateSchemes: read.extensions.get(signatureAlgorithmsCert) ?? read.schemes,
    authorities: read.extensions.get(clientAuthorities) ?? [],
    oidFilters: [],
  };
  const credential = yield* request('credential', { resolver, query });
  if (credential !== undefined) return credential;
  const { requireServerName } = context.config;
  throw new TlsError(requireServerName ? 'ERR_UNRECOGNIZED_NAME' : 'ERR_NO_CREDENTIAL', {
    detail: whyRefused(resolver, query),
  });
}

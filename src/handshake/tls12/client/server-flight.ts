import { concat } from '../../../bytes/bytes.ts';
import { TlsError } from '../../../errors.ts';
import { decode } from '../../../wire/codec.ts';
import { Certificate12, CertificateRequest12, CertificateStatus } from '../../../wire/messages12.ts';
import type { ClientConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import type { Arrival } from '../../machine.ts';
import { AuthenticatedPeer, type Subject } from '../../authentication/certificates.ts';
import type { Presented } from '../../peer.ts';
import { record } from '../key-exchange/key-exchange.ts';
import { checkKeyKind, isCurveNamed } from '../proof.ts';
import type { Step } from '../../requests.ts';
import type { ClientAgreed12, ClientAsked12, Query12, ServerProven12, ServerShown12 } from './states.ts';

/** RFC 5246 section 7.4.2. */
export function certificate12(
  data: ClientAgreed12,
  message: Arrival,
): ({ readonly to: 'WAIT_STATUS_12' } & ServerShown12) | ({ readonly to: 'WAIT_SKE_12' } & ServerShown12) {
  const shown = { ...data, presented: readServerChain(data, message) };
  return data.statusPromised ? { to: 'WAIT_STATUS_12', ...shown } : { to: 'WAIT_SKE_12', ...shown };
}

export function readServerChain(data: ClientAgreed12, message: Arrival): Presented {
  const { chain } = decode(Certificate12, message.body);
  if (chain.length === 0) throw new TlsError('ERR_EMPTY_CERTIFICATE', { rfc: 'RFC 5246 section 7.4.2' });
  record(data, message.raw);
  return {
    chain,
    ocspResponses: chain.map(() => undefined),
    sctLists: chain.map((_, index) => (index === 0 ? data.sctList : undefined)),
  };
}

/** RFC 6066 section 8. */
export function certificateStatus(
  data: ServerShown12,
  message: Arrival,
): { readonly to: 'WAIT_SKE_12' } & ServerShown12 {
  return { to: 'WAIT_SKE_12', ...data, presented: readStatus(data, message) };
}

export function readStatus(data: ServerShown12, message: Arrival): Presented {
  const { response } = decode(CertificateStatus, message.body);
  record(data, message.raw);
  const { presented } = data;
  return { ...presented, ocspResponses: presented.chain.map((_, index) => (index === 0 ? response : undefined)) };
}

/** RFC 5246 section 7.4.3: the parameters, signed together with both randoms. Here the server proves who it is. */
export function* serverKeyExchange(
  data: ServerShown12,
  message: Arrival,
  context: Context<ClientConfig>,
): Step<{ readonly to: 'WAIT_CR_SHD_12' } & ServerProven12> {
  const exchange = data.suite.exchange === 'rsa' ? undefined : data.keyExchange.signed[data.suite.exchange];
  if (exchange === undefined) throw new TlsError('ERR_UNEXPECTED_MESSAGE', { detail: `in ${data.suite.name}` });
  const params = exchange.read(message.body, context);
  const input = concat(data.randoms.client, data.randoms.server, params.bytes);
  const proof = { version: 0x0303, scheme: params.scheme, signature: params.signature, input } as const;
  const peer = yield* AuthenticatedPeer.prove(serverSubject(data, context), proof, context);
  checkKeyKind(peer.key, data.suite);
  const groups = context.config.groups.map(({ id }) => id);
  if (!isCurveNamed(peer.key, groups)) throw new TlsError('ERR_CERTIFICATE_CURVE');
  context.effects.info('peer', peer.info);
  record(data, message.raw);
  const { presented: _, ...rest } = data;
  return { to: 'WAIT_CR_SHD_12', ...rest, peer, params };
}

export function serverSubject(data: ServerShown12, context: Context<ClientConfig>): Subject {
  const { config } = context;
  return { presented: data.presented, verifier: config.verifier, serverName: config.serverName, tolerant: false };
}

/** RFC 5246 section 7.4.4. */
export function certificateRequest12(
  data: ServerProven12,
  message: Arrival,
  context: Context<ClientConfig>,
): { readonly to: 'WAIT_SHD_12' } & ClientAsked12 {
  return { to: 'WAIT_SHD_12', ...data, query: readRequest12(data, message, context) };
}

export function readRequest12(data: ClientAgreed12, message: Arrival, context: Context<ClientConfig>): Query12 {
  const request = decode(CertificateRequest12, message.body);
  record(data, message.raw);
  context.effects.info('certificateRequested', true);
  return {
    role: 'client',
    version: 0x0303,
    schemes: request.signatureAlgorithms,
    certificateSchemes: request.signatureAlgorithms,
    authorities: request.authorities,
    oidFilters: [],
    certificateTypes: [...request.certificateTypes],
  };
}

import type { CipherSuite12 } from '../../../crypto/types.ts';
import { TlsError } from '../../../errors.ts';
import { decode } from '../../../wire/codec.ts';
import { ServerHelloDone } from '../../../wire/messages12.ts';
import { clientHandlers12 } from '../client/client.ts';
import { type Answered12, answer } from '../client/client-flight.ts';
import { offer12 } from '../client/hello.ts';
import { certificate12, readRequest12, readServerChain, readStatus, serverSubject } from '../client/server-flight.ts';
import type { Context } from '../../context.ts';
import { type Arrival, protocol } from '../../machine.ts';
import { AuthenticatedPeer } from '../../authentication/certificates.ts';
import { commands12 } from '../commands.ts';
import { record } from './key-exchange.ts';
import { checkKeyKind } from '../proof.ts';
import { legacyExchange12 } from './legacy.ts';
import { legacyClientTable12 } from './legacy-table.ts';
import type { Step } from '../../requests.ts';
import type { ClientConfig, ClientProtocol } from '../../config.ts';
import type { ClientAgreed12, ClientData12, Query12, ServerShown12 } from '../client/states.ts';

interface AskedRsa extends ServerShown12 {
  readonly query: Query12;
}

interface LegacyClientData12 extends ClientData12 {
  WAIT_SHD_RSA_12: ServerShown12;
  WAIT_CR_SHD_RSA_12: ServerShown12;
  WAIT_LAST_RSA_12: AskedRsa;
}

/** TLS 1.2 as a client, with the suites of old devices. */
export function makeLegacyClient12(
  suites: readonly CipherSuite12[],
  protect: NonNullable<ClientProtocol['protect']>,
): ClientProtocol {
  const done = { CertificateRequest12: requestRsa, ServerHelloDone: serverHelloDoneRsa };
  return protocol<typeof legacyClientTable12, LegacyClientData12, 'CONNECTED_12', ClientConfig>({
    version: 0x0303,
    role: 'client',
    table: legacyClientTable12,
    open: 'CONNECTED_12',
    suites,
    protect,
    handlers: {
      ...clientHandlers12(legacyExchange12),
      WAIT_CERT_12: { Certificate12: certificate },
      WAIT_SHD_RSA_12: { CertificateStatus: statusRsa, ...done },
      WAIT_CR_SHD_RSA_12: done,
      WAIT_LAST_RSA_12: { ServerHelloDone: serverHelloDoneRsa },
    },
    refusals: { WAIT_SH: { ServerHello13: 'ERR_SELECTED_VERSION' } },
    offer: (config, ticket) => offer12(config, legacyExchange12, ticket),
    commands: commands12,
  });
}

function certificate(
  data: ClientAgreed12,
  message: Arrival,
): ReturnType<typeof certificate12> | ({ readonly to: 'WAIT_SHD_RSA_12' } & ServerShown12) {
  if (data.suite.exchange !== 'rsa') return certificate12(data, message);
  return { to: 'WAIT_SHD_RSA_12', ...data, presented: readServerChain(data, message) };
}

function statusRsa(data: ServerShown12, message: Arrival): { readonly to: 'WAIT_CR_SHD_RSA_12' } & ServerShown12 {
  if (!data.statusPromised)
    throw new TlsError('ERR_UNEXPECTED_MESSAGE', { detail: 'CertificateStatus', rfc: 'RFC 6066 section 8' });
  return { to: 'WAIT_CR_SHD_RSA_12', ...data, presented: readStatus(data, message) };
}

function requestRsa(
  data: ServerShown12,
  message: Arrival,
  context: Context<ClientConfig>,
): { readonly to: 'WAIT_LAST_RSA_12' } & AskedRsa {
  return { to: 'WAIT_LAST_RSA_12', ...data, query: readRequest12(data, message, context) };
}

/** The certificate is judged as one to encrypt for: its keyUsage has to allow that (RFC 5246 section 7.4.2). */
function* serverHelloDoneRsa(
  data: ServerShown12 | AskedRsa,
  message: Arrival,
  context: Context<ClientConfig>,
): Step<Answered12> {
  decode(ServerHelloDone, message.body);
  record(data, message.raw);
  const peer = yield* AuthenticatedPeer.trustForEncryption(serverSubject(data, context), context);
  checkKeyKind(peer.key, data.suite);
  context.effects.info('peer', peer.info);
  const query = 'query' in data ? data.query : undefined;
  return yield* answer(data, peer, query, data.keyExchange.transport!.respond(peer.key, context), context);
}

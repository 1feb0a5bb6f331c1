import { equalBytes } from '../../../bytes/bytes.ts';
import type { CipherSuite12 } from '../../../crypto/types.ts';
import { TlsError } from '../../../errors.ts';
import { type ExtensionBlock, readExtensions, writeExtension } from '../../../wire/extension.ts';
import { alpn } from '../../../wire/extensions/alpn.ts';
import { ecPointFormats } from '../../../wire/extensions/ec-point-formats.ts';
import { encryptThenMac } from '../../../wire/extensions/encrypt-then-mac.ts';
import { extendedMainSecret } from '../../../wire/extensions/extended-main-secret.ts';
import { maxFragmentLength } from '../../../wire/extensions/max-fragment-length.ts';
import { recordSizeLimit } from '../../../wire/extensions/record-size-limit.ts';
import { renegotiationInfo } from '../../../wire/extensions/renegotiation-info.ts';
import { serverName } from '../../../wire/extensions/server-name.ts';
import { sessionTicket } from '../../../wire/extensions/session-ticket.ts';
import { signedCertificateTimestamp } from '../../../wire/extensions/signed-certificate-timestamp.ts';
import { statusRequest } from '../../../wire/extensions/status-request.ts';
import { DOWNGRADE_TLS11, DOWNGRADE_TLS12, type ServerHello } from '../../../wire/hello.ts';
import { TLS_1_2, TLS_1_3 } from '../../../wire/ids.ts';
import type { ClientConfig } from '../../config.ts';
import { type Context, versionName } from '../../context.ts';
import type { ServerHelloArrival, HelloAddition } from '../../machine.ts';
import type { KeyExchange12 } from '../key-exchange/key-exchange.ts';
import { KNOWN_EXTENSIONS_12 } from '../known-extensions.ts';
import { applySizes, selectedProtocol } from '../../negotiated.ts';
import { resume12, resumedSession } from './resume.ts';
import type { HelloSent } from '../../client-hello.ts';
import type { ClientAgreed12 } from './states.ts';

/** TLS_FALLBACK_SCSV (RFC 7507). */
const FALLBACK_SCSV = 0x5600;

/** What TLS 1.2 adds to a ClientHello. */
export function offer12(
  config: ClientConfig,
  keyExchange: KeyExchange12,
  ticket: Uint8Array | undefined,
): HelloAddition {
  const suites = config.suites12.map(({ id }) => id);
  if (config.fallback) suites.push(FALLBACK_SCSV);
  const extensions = [
    writeExtension(extendedMainSecret, 'ClientHello', undefined),
    writeExtension(renegotiationInfo, 'ClientHello', new Uint8Array(0)),
    writeExtension(ecPointFormats, 'ClientHello', Uint8Array.of(0)),
  ];
  if (keyExchange.encryptThenMac && config.suites12.some(({ protection }) => protection === 'cbc'))
    extensions.push(writeExtension(encryptThenMac, 'ClientHello', undefined));
  if (config.sessions !== undefined)
    extensions.push(writeExtension(sessionTicket, 'ClientHello', ticket ?? new Uint8Array(0)));
  return { suites, extensions };
}

/** RFC 5246 section 7.4.1.3. */
export function serverHello12(
  keyExchange: KeyExchange12,
  data: HelloSent,
  message: ServerHelloArrival,
  context: Context<ClientConfig>,
): ({ readonly to: 'WAIT_CERT_12' } & ClientAgreed12) | ReturnType<typeof resume12> {
  const { effects, config } = context;
  const { hello } = message;
  if (hello.legacyVersion !== TLS_1_2)
    throw new TlsError('ERR_VERSION', { detail: `the server chose 0x${hello.legacyVersion.toString(16)}` });
  if (data.early !== undefined) {
    const detail = 'early data was sent, and TLS 1.2 does not know what it is';
    throw new TlsError('ERR_VERSION', { detail, rfc: 'RFC 9846 appendix E.3' });
  }
  const extensions = readExtensions('ServerHello12', hello.extensions, KNOWN_EXTENSIONS_12, { offered: data.sent });
  const suite = checkHello(hello, config);
  const extended = checkBindings(extensions, config);
  const session = resumedSession(data, hello, suite.id, extended);

  for (const offer of data.offers) {
    offer.part?.dispose();
    offer.dispose();
  }
  for (const { dispose } of data.pskOffers) dispose();
  effects.info('version', versionName(TLS_1_2));
  effects.info('extendedMasterSecret', extended);
  effects.info('suite', { id: suite.id, name: suite.name });
  const protocol = selectedProtocol(extensions.get(alpn), config);
  if (protocol !== undefined) effects.info('alpn', protocol);
  if (config.sendServerName && config.serverName !== undefined) {
    effects.info('serverName', config.serverName);
    effects.info('serverNameAcknowledged', extensions.has(serverName.id));
  }
  applySizes(extensions.get(recordSizeLimit), extensions.get(maxFragmentLength), TLS_1_2, context);
  const { transcript } = data;
  transcript.add(message.raw);
  const messages = transcript.fork();
  transcript.settle(suite.hash);
  const agreed: ClientAgreed12 = {
    keyExchange,
    suite,
    randoms: { client: data.hello.random, server: hello.random },
    extended,
    encryptThenMac: extensions.has(encryptThenMac.id) && suite.protection === 'cbc',
    transcript,
    messages,
    alpn: protocol,
    statusPromised: extensions.has(statusRequest.id),
    sctList: extensions.get(signedCertificateTimestamp),
    sessionKey: data.sessionKey,
    sessionId: hello.legacySessionIdEcho.slice(),
    ticketPromised: extensions.has(sessionTicket.id),
  };
  return session === undefined ? { to: 'WAIT_CERT_12', ...agreed } : resume12(agreed, session, context);
}

function checkHello(hello: ServerHello, config: ClientConfig): CipherSuite12 {
  // RFC 9846 section 4.2.3: a server that knows TLS 1.3 marks its random when it is made to speak less.
  if (config.protocols.some(({ version }) => version === TLS_1_3)) {
    const tail = hello.random.subarray(24);
    if (equalBytes(tail, DOWNGRADE_TLS12) || equalBytes(tail, DOWNGRADE_TLS11)) throw new TlsError('ERR_DOWNGRADE');
  }
  if (hello.legacyCompressionMethod !== 0) throw new TlsError('ERR_COMPRESSION', { rfc: 'RFC 9325 section 3.3' });
  const suite = config.suites12.find((candidate) => candidate.id === hello.cipherSuite);
  if (suite === undefined) throw new TlsError('ERR_SELECTED_SUITE', { detail: `0x${hello.cipherSuite.toString(16)}` });
  return suite;
}

/** RFC 5746 section 3.4 and RFC 7627 section 5.2: is this handshake tied to nothing but itself? */
function checkBindings(extensions: ExtensionBlock<'ServerHello12'>, config: ClientConfig): boolean {
  const renegotiated = extensions.get(renegotiationInfo);
  if (renegotiated === undefined && config.requireRenegotiationInfo)
    throw new TlsError('ERR_RENEGOTIATION_INFO', {
      detail:
        'the server does not send it, so it may renegotiate unsafely; requireRenegotiationInfo: false would allow that',
    });
  if (renegotiated !== undefined && renegotiated.length > 0)
    throw new TlsError('ERR_RENEGOTIATION_INFO', { detail: 'it is not empty in a first handshake' });
  const extended = extensions.has(extendedMainSecret.id);
  if (!extended && config.requireExtendedMasterSecret)
    throw new TlsError('ERR_EXTENDED_MASTER_SECRET', {
      detail: 'the server does not send it, and requireExtendedMasterSecret is set',
    });
  return extended;
}

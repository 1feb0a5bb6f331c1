import { quoted } from '../bytes/text.ts';
import { Alert } from '../errors.ts';
import type { Explain, Standing } from '../handshake/config.ts';
import { alertName } from './alerts.ts';

/**
 * What our own side can tell of a refusal by the peer, whose alert is a number: what it was offered, what it asked for, and
 * what it got.
 */

/** Alerts by which a peer refuses a certificate of ours, or that there is none. */
const OF_CERTIFICATES: readonly number[] = [
  Alert.handshakeFailure,
  Alert.badCertificate,
  Alert.unsupportedCertificate,
  Alert.certificateRevoked,
  Alert.certificateExpired,
  Alert.certificateUnknown,
  Alert.unknownCa,
  Alert.accessDenied,
  Alert.certificateRequired,
];

export const explain: Explain = { refusal: alertDetail, end: endDetail };

/** The name of an alert, and what of ours it is about. */
function alertDetail(description: number, standing: Standing): string {
  const about = aboutCertificate(description, standing) ?? aboutOffer(description, standing);
  return about === undefined ? alertName(description) : `${alertName(description)}; ${about}`;
}

/** Of a transport that has ended: data can only be missing where there was to be some. */
function endDetail(standing: Standing): string {
  const { established, info, state, heard, config } = standing;
  const asked = config.role === 'client' && info.certificateRequested === true;
  // Behind a handshake of TLS 1.3 the server may still refuse, and some do so without an alert.
  if (established && asked && !heard && info.version === 'TLSv1.3')
    return `before it had sent any data; the server may have refused us: ${certificateOf(standing)}`;
  if (established) return 'the last data may be missing';
  if (info.version === undefined)
    return 'in the handshake, before the peer had answered: it may not speak TLS here, or refuses without a word';
  const where = `in the middle of the handshake, in state ${state}`;
  return asked ? `${where}; the server may have refused us: ${certificateOf(standing)}` : where;
}

function aboutCertificate(description: number, standing: Standing): string | undefined {
  if (!OF_CERTIFICATES.includes(description)) return undefined;
  const { config, info } = standing;
  const isAbout = config.role === 'client' ? info.certificateRequested === true : info.ownCertificate !== undefined;
  return isAbout ? certificateOf(standing) : undefined;
}

/** What we showed, and whom the peer trusts. */
function certificateOf({ config, info, authorities }: Standing): string {
  const { describe, role } = config;
  const { noCredential, ownCertificate } = info;
  const names = authorities.slice(0, MAX_NAMES).map((name) => describe?.name(name) ?? `a name of ${name.length} bytes`);
  const more = authorities.length - names.length;
  const trusted =
    names.length === 0
      ? ''
      : `; it takes what is issued by ${names.join('; ')}${more > 0 ? `; and by ${more} more` : ''}`;
  if (ownCertificate !== undefined)
    return `we showed a certificate${describe === undefined ? '' : `: ${describe.certificate(ownCertificate)}`}${trusted}`;
  const remedy = role === 'client' && noCredential !== undefined ? '; give one that it takes as `credential`' : '';
  return `we showed no certificate${noCredential === undefined ? '' : `: ${noCredential}`}${trusted}${remedy}`;
}

const MAX_NAMES = 4;

/** A server that found nothing in our hello that it could use. */
function aboutOffer(description: number, { config, info }: Standing): string | undefined {
  if (config.role !== 'client') return undefined;
  const { protocols, suites13, suites12, groups, signatures, alpn, serverName, sendServerName } = config;
  const versions = protocols.map(({ version }) => (version === 0x0304 ? 'TLS 1.3' : 'TLS 1.2'));
  switch (description) {
    case Alert.protocolVersion:
      return `we offered ${versions.join(' and ')} (\`protocols\`)`;
    case Alert.noApplicationProtocol:
      return alpn.length === 0
        ? 'we offered no application protocol: give `alpn`'
        : `we offered ${list(alpn.map((name) => quoted(name)))} (\`alpn\`)`;
    case Alert.unrecognizedName:
      return serverName !== undefined && sendServerName
        ? `we asked for ${quoted(serverName)} (\`serverName\`)`
        : 'we named no server: give `serverName`';
    case Alert.handshakeFailure:
    case Alert.insufficientSecurity:
      // It has taken what we offered when it has answered.
      if (info.suite !== undefined) return undefined;
      return [
        `we offered ${versions.join(' and ')}`,
        `suites ${list([...suites13, ...suites12].map(({ name }) => name))}`,
        `groups ${list(groups.map(({ name }) => name))}`,
        `signatures ${list(signatures.map(({ name }) => name))}`,
      ].join('; ');
    default:
      return undefined;
  }
}

const MAX_LISTED = 12;

function list(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  return more > 0 ? `${names.slice(0, MAX_LISTED).join(', ')} and ${more} more` : names.join(', ');
}

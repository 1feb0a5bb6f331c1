import type { AnyExtension } from '../../wire/extension.ts';
import { alpn } from '../../wire/extensions/alpn.ts';
import { ecPointFormats } from '../../wire/extensions/ec-point-formats.ts';
import { encryptThenMac } from '../../wire/extensions/encrypt-then-mac.ts';
import { extendedMainSecret } from '../../wire/extensions/extended-main-secret.ts';
import { maxFragmentLength } from '../../wire/extensions/max-fragment-length.ts';
import { padding } from '../../wire/extensions/padding.ts';
import { recordSizeLimit } from '../../wire/extensions/record-size-limit.ts';
import { renegotiationInfo } from '../../wire/extensions/renegotiation-info.ts';
import { serverName } from '../../wire/extensions/server-name.ts';
import { sessionTicket } from '../../wire/extensions/session-ticket.ts';
import { signatureAlgorithms } from '../../wire/extensions/signature-algorithms.ts';
import { signatureAlgorithmsCert } from '../../wire/extensions/signature-algorithms-cert.ts';
import { signedCertificateTimestamp } from '../../wire/extensions/signed-certificate-timestamp.ts';
import { statusRequest } from '../../wire/extensions/status-request.ts';
import { supportedGroups } from '../../wire/extensions/supported-groups.ts';
import { supportedVersions } from '../../wire/extensions/supported-versions.ts';

/** Every extension that TLS 1.2 reads here. What belongs to TLS 1.3 is ignored in a ClientHello. */
export const KNOWN_EXTENSIONS_12: readonly AnyExtension[] = [
  serverName,
  maxFragmentLength,
  statusRequest,
  supportedGroups,
  ecPointFormats,
  signatureAlgorithms,
  alpn,
  signedCertificateTimestamp,
  padding,
  encryptThenMac,
  extendedMainSecret,
  recordSizeLimit,
  sessionTicket,
  supportedVersions,
  signatureAlgorithmsCert,
  renegotiationInfo,
];

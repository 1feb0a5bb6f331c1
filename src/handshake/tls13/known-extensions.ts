import type { AnyExtension } from '../../wire/extension.ts';
import { alpn } from '../../wire/extensions/alpn.ts';
import { certificateAuthorities } from '../../wire/extensions/certificate-authorities.ts';
import { cookie } from '../../wire/extensions/cookie.ts';
import { earlyData } from '../../wire/extensions/early-data.ts';
import { keyShare } from '../../wire/extensions/key-share.ts';
import { maxFragmentLength } from '../../wire/extensions/max-fragment-length.ts';
import { oidFilters } from '../../wire/extensions/oid-filters.ts';
import { padding } from '../../wire/extensions/padding.ts';
import { postHandshakeAuth } from '../../wire/extensions/post-handshake-auth.ts';
import { preSharedKey } from '../../wire/extensions/pre-shared-key.ts';
import { pskKeyExchangeModes } from '../../wire/extensions/psk-key-exchange-modes.ts';
import { recordSizeLimit } from '../../wire/extensions/record-size-limit.ts';
import { serverName } from '../../wire/extensions/server-name.ts';
import { signatureAlgorithms } from '../../wire/extensions/signature-algorithms.ts';
import { signatureAlgorithmsCert } from '../../wire/extensions/signature-algorithms-cert.ts';
import { signedCertificateTimestamp } from '../../wire/extensions/signed-certificate-timestamp.ts';
import { statusRequest } from '../../wire/extensions/status-request.ts';
import { supportedGroups } from '../../wire/extensions/supported-groups.ts';
import { supportedVersions } from '../../wire/extensions/supported-versions.ts';

/** Every extension that TLS 1.3 reads here. The rest is ignored where the RFC says so. */
export const KNOWN_EXTENSIONS: readonly AnyExtension[] = [
  serverName,
  maxFragmentLength,
  statusRequest,
  supportedGroups,
  signatureAlgorithms,
  alpn,
  signedCertificateTimestamp,
  padding,
  recordSizeLimit,
  preSharedKey,
  earlyData,
  supportedVersions,
  cookie,
  pskKeyExchangeModes,
  certificateAuthorities,
  oidFilters,
  postHandshakeAuth,
  signatureAlgorithmsCert,
  keyShare,
];

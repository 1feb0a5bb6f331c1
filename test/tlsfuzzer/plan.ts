import type { KeyKind } from '../support/pki.ts';
import type { ProfileName } from './profiles.ts';

/** Which script talks to which server and how; what is left out; and what may be other than a script wants, and why. */

export interface Run {
  readonly profile: ProfileName;
  /** The client shows a certificate with a key of this kind. */
  readonly client?: KeyKind;
  readonly args?: readonly string[];
}

const run = (profile: ProfileName, client?: KeyKind, ...args: string[]): Run => ({
  profile,
  ...(client !== undefined && { client }),
  ...(args.length > 0 && { args }),
});

/** The first pattern that fits decides. */
const RUNS: readonly (readonly [RegExp, readonly Run[]])[] = [
  [/^tls13-(ecdsa-support)$/, [run('ecdsa-all')]],
  [/^tls13-eddsa$/, [run('ed25519', undefined, '-e', 'ed448 only'), run('ed448', undefined, '-e', 'ed25519 only')]],
  [/^tls13-ecdsa-in-certificate-verify$/, [run('rsa-request', 'ecdsa-p256')]],
  [/^tls13-eddsa-in-certificate-verify$/, [run('rsa-request', 'ed25519')]],
  [/^tls13-(certificate-verify|client-certificate-compression)$/, [run('rsa-request', 'rsa-2048')]],
  [/^tls13-certificate-request$/, [run('rsa-request')]],
  [
    /^tls13-post-handshake-auth$/,
    [run('certificate-later', 'rsa-2048', '--pha-as-reply', '--query', 'GET /secret HTTP/1.0\r\n\r\n')],
  ],
  [/^tls13-psk_(dhe_)?ke$/, [run('psk', undefined, '--psk', 'aa'.repeat(32), '--psk-iden', 'test')]],
  [/^tls13-keyupdate-from-server$/, [run('new-keys')]],
  [/^tls13-rsapss-signatures$/, [run('rsa-pss')]],
  [/^tls13-(ecdhe-curves|crfg-curves|mlkem|serverhello-random|dhe-shared-secret-padding)$/, [run('all-groups')]],
  [/^tls13-obsolete-curves$/, [run('rsa', undefined, '--relaxed')]],
  [/^tls13-symetric-ciphers$/, [run('ccm')]],
  [/^tls13-lengths$/, [run('echo')]],
  [/^tls13-non-support$/, [run('legacy-12')]],
  [/^tls13-(version-negotiation|0rtt-garbage|session-resumption)$/, [run('legacy')]],
  [/^tls13-(conversation|finished|hrr|keyupdate|record-padding|ccs)$/, [run('rsa'), run('rsa-13'), run('rsa-pss')]],
  [/^tls13-/, [run('rsa')]],
  [/^(ecdsa-in-certificate-verify)$/, [run('legacy-request', 'ecdsa-p256')]],
  [/^eddsa-in-certificate-verify$/, [run('legacy-request', 'ed25519')]],
  [/^ecdsa-sig-flexibility$/, [run('legacy-ecdsa')]],
  [/certificate-(verify|malformed)|with-client-cert/, [run('legacy-request', 'rsa-2048')]],
  [/^certificate-request$/, [run('legacy-request')]],
  [/^alpn-negotiation$/, [run('alpn')]],
  [/^record-size-limit$/, [run('record-limit', undefined, '--reply-AD-size', '67')]],
  [/^fallback-scsv$/, [run('legacy', undefined, '--tls-1.3')]],
  [/^lengths$/, [run('echo')]],
  [/^sig-algs-renegotiation-resumption$/, [run('legacy', undefined, '--sig-algs-drop-ok')]],
  [
    /^(aes-gcm-nonces|conversation|ccs|fuzzed-finished|message-skipping|message-duplication)$/,
    [run('legacy'), run('legacy-12')],
  ],
  [/./, [run('legacy')]],
];

/** Scripts that have nothing to say to this server. */
export const LEFT_OUT: { readonly [script: string]: string } = {
  'renegotiation-disabled-client-cert': 'wants a server that asks for a certificate in a renegotiation; there is none',
  'bleichenbacher-timing-marvin': 'measures time for hours; see the measurements in SECURITY.md',
  'bleichenbacher-timing-pregenerate': 'measures time for hours; see the measurements in SECURITY.md',
  'tls13-minerva': 'measures time for hours; see the measurements in SECURITY.md',
  lucky13: 'measures time for hours; see the measurements in SECURITY.md',
  aesccm: 'CCM suites of TLS 1.2 are not implemented',
  heartbeat: 'heartbeats are not implemented; that none is answered is shown by no-heartbeat',
  'ocsp-stapling':
    'the server of these tests has no response to staple; what is stapled is shown in the interop matrix',
  'SSLv3-padding': 'SSL 3 is not implemented',
  'sslv2-connection': 'SSL 2 is not implemented: only its hello is read, of clients that continue in TLS 1.2',
  'dsa-in-certificate-verify': 'needs a client key of DSA, which is not implemented',
  'dsa-sig-flexibility': 'needs a server key of DSA, which is not implemented',
  'tls13-certificate-compression': 'certificate compression is not implemented',
  'tls13-client-certificate-compression': 'certificate compression is not implemented',
  'tls13-ecdhe-brainpool-curves': 'Brainpool curves are not implemented',
  'tls13-ecdsa-brainpool-in-certificate-verify': 'Brainpool curves are not implemented',
  'tls13-mldsa-in-certificate-verify': 'ML-DSA signs nothing here',
  'tls13-ffdhe-groups': 'finite fields are for TLS 1.2 of old devices only',
  'tls13-ffdhe-sanity': 'finite fields are for TLS 1.2 of old devices only',
};

export interface Reason {
  readonly scripts?: RegExp;
  /** What the script says. */
  readonly failure: RegExp;
  /** Which conversations; default: all of the script. */
  readonly names?: RegExp;
  readonly reason: string;
}

/** The first that fits counts. What fits none is a fault, here or there, that is not explained. */
export const REASONS: readonly Reason[] = [
  {
    scripts: /shuffled-extentions/,
    failure: /Handshake\(server_hello\)/,
    names: /^HRR/,
    reason:
      'a second ClientHello may have its extensions in another order, as that of wolfSSL has: they are compared by type and content',
  },
  {
    failure: /protocol_version/,
    names: /1\.[01]|\(3, [012]\)|SSL|IE |Firefox|Chrome|Opera|Bing|Android|Java|Safari|OpenSSL|Yandex|Google|./,
    scripts: /^(?!tls13)/,
    reason: 'TLS 1.1 and older are not implemented (RFC 8996): protocol_version',
  },
  {
    scripts: /interleaved.*renegotiation/,
    failure: /unexpected_message/,
    reason: 'there is no renegotiation: what comes with a second ClientHello is unexpected_message',
  },
  {
    scripts: /fallback-scsv/,
    failure: /server_hello/,
    names: /SSL3\.4/,
    reason: 'RFC 7507 compares with the version in the hello, which is that of TLS 1.3 here: no fallback is seen',
  },
  {
    scripts: /alpn-negotiation/,
    failure: /AssertionError/,
    names: /resumption/,
    reason:
      'the script does not offer extended_master_secret, and without it nothing is resumed (RFC 7627 section 5.2)',
  },
  {
    scripts: /serverhello-random/,
    failure: /handshake_failure/,
    names: /ffdhe/,
    reason: 'finite fields are for TLS 1.2 of old devices only',
  },
  {
    scripts: /keyupdate/,
    failure: /Timeout|ApplicationData/,
    names: /multiple KeyUpdate|app data split/,
    reason:
      'the answer to a KeyUpdate goes before our next data, one for all that asked (RFC 9846 section 4.7.3); the script waits for it, or for several',
  },
  {
    scripts: /version-negotiation/,
    failure: /protocol_version/,
    names: /to 1\.[01]/,
    reason: 'TLS 1.1 and older are not implemented (RFC 8996): protocol_version',
  },
  {
    scripts: /ecdsa-support/,
    failure: /handshake_failure/,
    names: /brainpool/,
    reason: 'Brainpool curves are not implemented',
  },
  {
    failure: /no_renegotiation|Alert level 2 != 1/,
    reason: 'there is no renegotiation: a second ClientHello ends the connection with no_renegotiation',
  },
  {
    failure: /session_ticket|Handshake\(certificate\)|ciphersuite\. Expected: 53/,
    scripts: /resum|alpn|ticket/,
    reason:
      'the script does not offer extended_master_secret, and without it nothing is resumed (RFC 7627 section 5.2)',
  },
  {
    failure: /Unexpected signature algorithms|certificate types/,
    reason: 'the script expects the order of another implementation',
  },
  { failure: /unexpected extension\(s\): 47/, reason: 'certificate_authorities is sent' },
  {
    scripts: /^sig-algs|^ecdsa-sig-flex|^dhe-rsa-key-exchange-signatures|certificate-verify/,
    failure: /handshake_failure|illegal_parameter/,
    names: /sha-?1|sha224|md5|sha384\+ecdsa|sha512\+ecdsa|pss_pss|make sha|TLSv1\.1|sha-1/i,
    reason:
      'SHA-1, SHA-224 and MD5 sign no handshake (RFC 9155); a key of P-256 signs with SHA-256; rsa_pss_pss needs a key of that kind. What was not offered is illegal_parameter, whatever is in it',
  },
  {
    scripts: /rsa-pss-sigs/,
    failure: /illegal_parameter/,
    reason: 'a scheme that does not fit the key is illegal_parameter, before the signature is looked at',
  },
  {
    scripts: /^(?!tls13)/,
    failure: /handshake_failure/,
    names: /3DES/,
    reason: '3DES is not implemented (RFC 9325 section 4.2.1)',
  },
  {
    scripts: /^ffdhe-negotiation$/,
    failure: /handshake_failure/,
    names: /ffdhe(4096|6144|8192)|no overlap/,
    reason:
      'of the finite fields ffdhe2048 and ffdhe3072 are here; where none is in common it is handshake_failure, as erratum 4908 of RFC 7919 has it',
  },
  {
    scripts: /crfg|ecdhe-curves|mlkem/,
    failure: /decode_error/,
    reason: 'an empty share is not in the syntax of KeyShareEntry: decode_error',
  },
  {
    scripts: /multiple-ccs/,
    failure: /Timeout/,
    reason:
      'RFC 9846 section 5: ChangeCipherSpec is dropped at any time until the peer has finished, once or more often',
  },
  {
    scripts: /obsolete-curves/,
    failure: /illegal_parameter|server_hello|handshake_failure/,
    reason:
      'groups that are not known are ignored, obsolete ones among them; where nothing is left it is handshake_failure',
  },
  {
    scripts: /unrecognised-groups|dhe-shared-secret-padding|psk_dhe_ke|session-resumption/,
    failure: /handshake_failure/,
    names: /ffdhe|1\.2/,
    reason: 'finite fields are for TLS 1.2 of old devices only; TLS 1.2 without extended_master_secret is not resumed',
  },
  {
    scripts: /no-unknown-groups/,
    failure: /key_share|hello_retry_request/,
    reason: 'the script expects the group of another implementation in HelloRetryRequest',
  },
  {
    scripts: /connection-abort/,
    failure: /ApplicationData/,
    reason: 'both tickets come at once, and the answer behind them',
  },
  {
    scripts: /certificate-malformed/,
    failure: /bad_certificate/,
    reason: 'a certificate is judged when its proof has come; without a proof it is unexpected_message',
  },
  {
    scripts:
      /finished|client-hello-max-size|large-hello|record-layer-fragmentation|signature-algorithms|truncating-of-client-hello|large-number-of-extensions|record-layer-limits|extensions/,
    failure: /illegal_parameter/,
    reason: 'messages of more than 65,536 bytes (Finished: 1,024) are not read: illegal_parameter',
  },
  {
    scripts: /invalid-server-name/,
    failure: /illegal_parameter|server_hello|server_name/,
    reason:
      'a name that is no host name, or that comes twice, is illegal_parameter; one that the server does not know is served',
  },
  { scripts: /heartbeat/, failure: /server_hello|heartbeat/, reason: 'the extension is ignored' },
  {
    scripts: /session-resumption/,
    failure: /ApplicationData/,
    names: /PSK_ONLY/,
    reason: 'a PSK without key exchange is not taken unless it was asked for',
  },
  {
    scripts: /TLSv1_2-rejected|wrong-ciphers|ffdhe-negotiation/,
    failure: /does not match|unexpected ciphersuite/,
    reason:
      'another alert than the script wants: protocol_version for a version, handshake_failure for no suite or group in common',
  },
];

export function runsOf(script: string): readonly Run[] {
  return RUNS.find(([pattern]) => pattern.test(script))![1];
}

export function reasonFor(script: string, name: string, failure: string): string | undefined {
  return REASONS.find(
    (one) => one.failure.test(failure) && (one.scripts?.test(script) ?? true) && (one.names?.test(name) ?? true),
  )?.reason;
}

import { isGrease } from '../wire/extensions/grease.ts';

/**
 * The names that IANA gives to the numbers of TLS. Only what looks at a handshake needs them, so nothing below imports
 * this file, and no table is made before it is asked for.
 */

/**
 * The name of a version: `TLS 1.3`.
 * @example
 * ```ts
 * import { versionName } from 'warifu/inspect';
 * versionName(0x0304); // 'TLS 1.3'
 * ```
 */
export function versionName(id: number): string {
  return versions(id) ?? unknown(id);
}

/**
 * The name of a cipher suite: `TLS_AES_128_GCM_SHA256`.
 * @example
 * ```ts
 * import { suiteName } from 'warifu/inspect';
 * suiteName(0x1301); // 'TLS_AES_128_GCM_SHA256'
 * suiteName(0x0a0a); // 'GREASE (0x0a0a)'
 * ```
 */
export function suiteName(id: number): string {
  return suites(id) ?? unknown(id);
}

/**
 * The name of a group: `x25519`.
 * @example
 * ```ts
 * import { groupName } from 'warifu/inspect';
 * groupName(0x001d); // 'x25519'
 * ```
 */
export function groupName(id: number): string {
  return groups(id) ?? unknown(id);
}

/**
 * The name of a signature scheme: `ecdsa_secp256r1_sha256`.
 * @example
 * ```ts
 * import { schemeName } from 'warifu/inspect';
 * schemeName(0x0403); // 'ecdsa_secp256r1_sha256'
 * ```
 */
export function schemeName(id: number): string {
  return schemes(id) ?? unknown(id);
}

/**
 * The name of an extension: `server_name`.
 * @example
 * ```ts
 * import { extensionName } from 'warifu/inspect';
 * extensionName(0); // 'server_name'
 * extensionName(0xfe99); // '0xfe99': not known here
 * ```
 */
export function extensionName(id: number): string {
  return extensions(id) ?? unknown(id);
}

/**
 * The name of a type of handshake message: `client_hello`.
 * @example
 * ```ts
 * import { handshakeTypeName } from 'warifu/inspect';
 * handshakeTypeName(1); // 'client_hello'
 * ```
 */
export function handshakeTypeName(id: number): string {
  return handshakeTypes(id) ?? String(id);
}

/**
 * The name of an alert: `handshake_failure`.
 * @example
 * ```ts
 * import { alertDescriptionName } from 'warifu/inspect';
 * alertDescriptionName(40); // 'handshake_failure'
 * ```
 */
export function alertDescriptionName(id: number): string {
  return alerts(id) ?? String(id);
}

/**
 * The level of an alert: `warning` or `fatal`.
 * @example
 * ```ts
 * import { alertLevelName } from 'warifu/inspect';
 * alertLevelName(2); // 'fatal'
 * ```
 */
export function alertLevelName(id: number): string {
  return id === 1 ? 'warning' : id === 2 ? 'fatal' : String(id);
}

/**
 * The name of a type of record: `handshake`.
 * @example
 * ```ts
 * import { contentTypeName } from 'warifu/inspect';
 * contentTypeName(22); // 'handshake'
 * ```
 */
export function contentTypeName(id: number): string {
  return contentTypes(id) ?? String(id);
}

/**
 * The name of a type of certificate (RFC 7250): `X509`.
 * @example
 * ```ts
 * import { certificateTypeName } from 'warifu/inspect';
 * certificateTypeName(0); // 'X509'
 * ```
 */
export function certificateTypeName(id: number): string {
  return certificateTypes(id) ?? String(id);
}

/**
 * The name of a type of client certificate, `ecdsa_sign`: what a TLS 1.2 server takes from a client.
 * @example
 * ```ts
 * import { clientCertificateTypeName } from 'warifu/inspect';
 * clientCertificateTypeName(64); // 'ecdsa_sign'
 * ```
 */
export function clientCertificateTypeName(id: number): string {
  return clientCertificateTypes(id) ?? String(id);
}

/**
 * The name of an algorithm, `zlib`: how a Certificate is compressed (RFC 8879).
 * @example
 * ```ts
 * import { compressionName } from 'warifu/inspect';
 * compressionName(1); // 'zlib'
 * ```
 */
export function compressionName(id: number): string {
  return compressions(id) ?? unknown(id);
}

/**
 * The name of a mode of PSK key exchange: `psk_dhe_ke`.
 * @example
 * ```ts
 * import { pskModeName } from 'warifu/inspect';
 * pskModeName(1); // 'psk_dhe_ke'
 * ```
 */
export function pskModeName(id: number): string {
  return pskModes(id) ?? String(id);
}

/**
 * The name of a format of points: `uncompressed`.
 * @example
 * ```ts
 * import { pointFormatName } from 'warifu/inspect';
 * pointFormatName(0); // 'uncompressed'
 * ```
 */
export function pointFormatName(id: number): string {
  return pointFormats(id) ?? String(id);
}

function unknown(id: number): string {
  const hex = `0x${id.toString(16).padStart(4, '0')}`;
  return isGrease(id) ? `GREASE (${hex})` : hex;
}

/** Reads `hex name` pairs on first use. */
function table(text: string): (id: number) => string | undefined {
  let names: Map<number, string> | undefined;
  return (id) => {
    if (names === undefined) {
      names = new Map();
      const words = text.trim().split(/\s+/);
      for (let i = 0; i + 1 < words.length; i += 2)
        names.set(Number.parseInt(words[i]!, 16), words[i + 1]!.replace(/~/g, ' '));
    }
    return names.get(id);
  };
}

const versions: (id: number) => string | undefined = /* @__PURE__ */ table(`
  0002 SSL~2.0 0300 SSL~3.0 0301 TLS~1.0 0302 TLS~1.1 0303 TLS~1.2 0304 TLS~1.3 feff DTLS~1.0 fefd DTLS~1.2 fefc DTLS~1.3
`);

const contentTypes: (id: number) => string | undefined = /* @__PURE__ */ table(`
  14 change_cipher_spec 15 alert 16 handshake 17 application_data 18 heartbeat
`);

const handshakeTypes: (id: number) => string | undefined = /* @__PURE__ */ table(`
  00 hello_request 01 client_hello 02 server_hello 03 hello_verify_request 04 new_session_ticket 05 end_of_early_data
  06 hello_retry_request 08 encrypted_extensions 0b certificate 0c server_key_exchange 0d certificate_request
  0e server_hello_done 0f certificate_verify 10 client_key_exchange 14 finished 15 certificate_url
  16 certificate_status 17 supplemental_data 18 key_update 19 compressed_certificate fe message_hash
`);

const alerts: (id: number) => string | undefined = /* @__PURE__ */ table(`
  00 close_notify 0a unexpected_message 14 bad_record_mac 15 decryption_failed 16 record_overflow
  1e decompression_failure 28 handshake_failure 29 no_certificate 2a bad_certificate 2b unsupported_certificate
  2c certificate_revoked 2d certificate_expired 2e certificate_unknown 2f illegal_parameter 30 unknown_ca
  31 access_denied 32 decode_error 33 decrypt_error 3c export_restriction 46 protocol_version 47 insufficient_security
  50 internal_error 56 inappropriate_fallback 5a user_canceled 64 no_renegotiation 6d missing_extension
  6e unsupported_extension 6f certificate_unobtainable 70 unrecognized_name 71 bad_certificate_status_response
  72 bad_certificate_hash_value 73 unknown_psk_identity 74 certificate_required 75 general_error
  78 no_application_protocol 79 ech_required
`);

const extensions: (id: number) => string | undefined = /* @__PURE__ */ table(`
  0000 server_name 0001 max_fragment_length 0002 client_certificate_url 0003 trusted_ca_keys 0004 truncated_hmac
  0005 status_request 0006 user_mapping 0007 client_authz 0008 server_authz 0009 cert_type 000a supported_groups
  000b ec_point_formats 000c srp 000d signature_algorithms 000e use_srtp 000f heartbeat
  0010 application_layer_protocol_negotiation 0011 status_request_v2 0012 signed_certificate_timestamp
  0013 client_certificate_type 0014 server_certificate_type 0015 padding 0016 encrypt_then_mac
  0017 extended_main_secret 0018 token_binding 0019 cached_info 001b compress_certificate 001c record_size_limit
  001d pwd_protect 001e pwd_clear 001f password_salt 0020 ticket_pinning 0021 tls_cert_with_extern_psk
  0022 delegated_credential 0023 session_ticket 0027 supported_ekt_ciphers 0029 pre_shared_key 002a early_data
  002b supported_versions 002c cookie 002d psk_key_exchange_modes 002f certificate_authorities 0030 oid_filters
  0031 post_handshake_auth 0032 signature_algorithms_cert 0033 key_share 0034 transparency_info 0036 connection_id
  0037 external_id_hash 0038 external_session_id 0039 quic_transport_parameters 003a ticket_request
  3374 next_protocol_negotiation 4469 application_settings_old 44cd application_settings
  fd00 ech_outer_extensions fe0d encrypted_client_hello ff01 renegotiation_info
`);

const groups: (id: number) => string | undefined = /* @__PURE__ */ table(`
  0015 secp224r1 0016 secp256k1 0017 secp256r1 0018 secp384r1 0019 secp521r1 001a brainpoolP256r1 001b brainpoolP384r1
  001c brainpoolP512r1 001d x25519 001e x448 001f brainpoolP256r1tls13 0020 brainpoolP384r1tls13
  0021 brainpoolP512r1tls13 0029 curveSM2 0100 ffdhe2048 0101 ffdhe3072 0102 ffdhe4096 0103 ffdhe6144 0104 ffdhe8192
  0200 MLKEM512 0201 MLKEM768 0202 MLKEM1024 11eb SecP256r1MLKEM768 11ec X25519MLKEM768 11ed SecP384r1MLKEM1024
  6399 X25519Kyber768Draft00 639a SecP256r1Kyber768Draft00
`);

const schemes: (id: number) => string | undefined = /* @__PURE__ */ table(`
  0201 rsa_pkcs1_sha1 0202 dsa_sha1 0203 ecdsa_sha1 0301 rsa_pkcs1_sha224 0302 dsa_sha224 0303 ecdsa_sha224
  0401 rsa_pkcs1_sha256 0402 dsa_sha256 0403 ecdsa_secp256r1_sha256 0420 rsa_pkcs1_sha256_legacy
  0501 rsa_pkcs1_sha384 0502 dsa_sha384 0503 ecdsa_secp384r1_sha384 0520 rsa_pkcs1_sha384_legacy
  0601 rsa_pkcs1_sha512 0602 dsa_sha512 0603 ecdsa_secp521r1_sha512 0620 rsa_pkcs1_sha512_legacy
  0708 sm2sig_sm3 0804 rsa_pss_rsae_sha256 0805 rsa_pss_rsae_sha384 0806 rsa_pss_rsae_sha512 0807 ed25519 0808 ed448
  0809 rsa_pss_pss_sha256 080a rsa_pss_pss_sha384 080b rsa_pss_pss_sha512 081a ecdsa_brainpoolP256r1tls13_sha256
  081b ecdsa_brainpoolP384r1tls13_sha384 081c ecdsa_brainpoolP512r1tls13_sha512 0904 mldsa44 0905 mldsa65 0906 mldsa87
`);

const certificateTypes: (id: number) => string | undefined = /* @__PURE__ */ table(
  '00 X509 01 OpenPGP 02 RawPublicKey',
);

const clientCertificateTypes: (id: number) => string | undefined = /* @__PURE__ */ table(`
  01 rsa_sign 02 dss_sign 03 rsa_fixed_dh 04 dss_fixed_dh 40 ecdsa_sign 41 rsa_fixed_ecdh 42 ecdsa_fixed_ecdh
`);

const compressions: (id: number) => string | undefined = /* @__PURE__ */ table('0001 zlib 0002 brotli 0003 zstd');

const pskModes: (id: number) => string | undefined = /* @__PURE__ */ table('00 psk_ke 01 psk_dhe_ke');

const pointFormats: (id: number) => string | undefined = /* @__PURE__ */ table(`
  00 uncompressed 01 ansiX962_compressed_prime 02 ansiX962_compressed_char2
`);

const suites: (id: number) => string | undefined = /* @__PURE__ */ table(`
  0000 TLS_NULL_WITH_NULL_NULL 0004 TLS_RSA_WITH_RC4_128_MD5 0005 TLS_RSA_WITH_RC4_128_SHA
  000a TLS_RSA_WITH_3DES_EDE_CBC_SHA 0013 TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA 0016 TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA
  002f TLS_RSA_WITH_AES_128_CBC_SHA 0032 TLS_DHE_DSS_WITH_AES_128_CBC_SHA 0033 TLS_DHE_RSA_WITH_AES_128_CBC_SHA
  0035 TLS_RSA_WITH_AES_256_CBC_SHA 0038 TLS_DHE_DSS_WITH_AES_256_CBC_SHA 0039 TLS_DHE_RSA_WITH_AES_256_CBC_SHA
  003c TLS_RSA_WITH_AES_128_CBC_SHA256 003d TLS_RSA_WITH_AES_256_CBC_SHA256
  0040 TLS_DHE_DSS_WITH_AES_128_CBC_SHA256 0041 TLS_RSA_WITH_CAMELLIA_128_CBC_SHA
  0045 TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA 0067 TLS_DHE_RSA_WITH_AES_128_CBC_SHA256
  006a TLS_DHE_DSS_WITH_AES_256_CBC_SHA256 006b TLS_DHE_RSA_WITH_AES_256_CBC_SHA256
  0084 TLS_RSA_WITH_CAMELLIA_256_CBC_SHA 0088 TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA
  008c TLS_PSK_WITH_AES_128_CBC_SHA 008d TLS_PSK_WITH_AES_256_CBC_SHA
  009c TLS_RSA_WITH_AES_128_GCM_SHA256 009d TLS_RSA_WITH_AES_256_GCM_SHA384
  009e TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 009f TLS_DHE_RSA_WITH_AES_256_GCM_SHA384
  00a2 TLS_DHE_DSS_WITH_AES_128_GCM_SHA256 00a3 TLS_DHE_DSS_WITH_AES_256_GCM_SHA384
  00a8 TLS_PSK_WITH_AES_128_GCM_SHA256 00a9 TLS_PSK_WITH_AES_256_GCM_SHA384
  00ff TLS_EMPTY_RENEGOTIATION_INFO_SCSV
  1301 TLS_AES_128_GCM_SHA256 1302 TLS_AES_256_GCM_SHA384 1303 TLS_CHACHA20_POLY1305_SHA256
  1304 TLS_AES_128_CCM_SHA256 1305 TLS_AES_128_CCM_8_SHA256 5600 TLS_FALLBACK_SCSV
  c007 TLS_ECDHE_ECDSA_WITH_RC4_128_SHA c008 TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA
  c009 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA c00a TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
  c011 TLS_ECDHE_RSA_WITH_RC4_128_SHA c012 TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA
  c013 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA c014 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
  c023 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 c024 TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
  c027 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256 c028 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384
  c02b TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 c02c TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
  c02f TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 c030 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
  c035 TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA c036 TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA
  c09c TLS_RSA_WITH_AES_128_CCM c09d TLS_RSA_WITH_AES_256_CCM c09e TLS_DHE_RSA_WITH_AES_128_CCM
  c09f TLS_DHE_RSA_WITH_AES_256_CCM c0a0 TLS_RSA_WITH_AES_128_CCM_8 c0a1 TLS_RSA_WITH_AES_256_CCM_8
  c0a2 TLS_DHE_RSA_WITH_AES_128_CCM_8 c0a3 TLS_DHE_RSA_WITH_AES_256_CCM_8
  c0ac TLS_ECDHE_ECDSA_WITH_AES_128_CCM c0ad TLS_ECDHE_ECDSA_WITH_AES_256_CCM
  c0ae TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 c0af TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8
  cca8 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 cca9 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
  ccaa TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256 ccab TLS_PSK_WITH_CHACHA20_POLY1305_SHA256
  ccac TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256 d001 TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256
  d002 TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384
`);

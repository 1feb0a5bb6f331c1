/** Why the shim does not know what the runner tells it, by the text it ends such a test with. */
const REASONS: { readonly [reason: string]: readonly string[] } = {
  'raw public keys are not implemented': [
    '-new-rpk-credential',
    '-accepted-peer-cert-types',
    '-available-client-cert-types',
  ],
  'cipher suites of TLS 1.2 with external keys are not implemented; TLS 1.3 has external keys': ['-psk'],
  'renegotiation is refused': [
    '-renegotiate-freely',
    '-renegotiate-explicit',
    '-renegotiate-once',
    '-forbid-renegotiation-after-handshake',
    '-use-exporter-between-reads',
  ],
  'certificate compression is not implemented': ['-install-cert-compression-algs', '-install-one-cert-compression-alg'],
  'delegated credentials are not implemented': ['-new-delegated-credential'],
  'an exporter takes the place of tls-unique, which TLS 1.3 does not have (RFC 9266)': ['-tls-unique'],
  'tickets are sealed and opened by functions that are not those of BoringSSL': [
    '-use-ticket-callback',
    '-use-ticket-aead-callback',
  ],
  'a session keeps the certificates of the peer, for they are judged again': ['-retain-only-sha256-client-cert'],
  'data cannot be looked at without taking it': ['-peek-then-read'],
  'CBC records are not split: that was for TLS 1.0': ['-write-different-record-sizes'],
  'extensions keep their order': ['-permute-extensions'],
  'DTLS is not implemented': ['-dtls'],
  'NPN never became a standard; ALPN took its place': ['-advertise-npn'],
  'ALPS is not a standard': ['-application-settings'],
};

/** @param what as the shim says it: `the flag -x`, or something else that it cannot set up. */
export function reasonFor(what: string): string | undefined {
  const name = what.replace(/^the flag (?=-)/, '');
  return Object.keys(REASONS).find((reason) => REASONS[reason]!.includes(name));
}

/** The command line of the runner: which flags there are, and what each connection of a test is told. */

/** Ends a test with "not implemented": the runner counts it apart. */
export class Unimplemented extends Error {}

/** Flags that take a value. Those that are not in either list end the test as not implemented. */
const WITH_VALUE: ReadonlySet<string> = new Set([
  'port',
  'shim-id',
  'resume-count',
  'key-file',
  'cert-file',
  'trust-cert',
  'signing-prefs',
  'ocsp-response',
  'signed-cert-timestamps',
  'psk-importer-key',
  'psk-importer-identity',
  'psk-importer-context',
  'min-version',
  'max-version',
  'expect-version',
  'cipher',
  'curves',
  'key-shares',
  'server-supported-groups-hint',
  'expect-curve-id',
  'expect-cipher',
  'expect-cipher-aes',
  'expect-cipher-no-aes',
  'verify-prefs',
  'expect-peer-verify-pref',
  'expect-peer-signature-algorithm',
  'expect-peer-cert-file',
  'use-client-ca-list',
  'expect-client-ca-list',
  'expect-certificate-types',
  'shim-initial-write',
  'repeat-shim-initial-write',
  'read-size',
  'max-send-fragment',
  'max-cert-list',
  'expect-msg-callback',
  'host-name',
  'expect-server-name',
  'advertise-alpn',
  'expect-alpn',
  'expect-advertised-alpn',
  'select-alpn',
  'export-keying-material',
  'export-label',
  'export-context',
  'expect-ocsp-response',
  'expect-signed-cert-timestamps',
  'expect-total-renegotiations',
  'expect-selected-credential',
  'resumption-delay',
  'expect-early-data-reason',
  'expect-ticket-age-skew',
]);

const ALONE: ReadonlySet<string> = new Set([
  'server',
  'ipv6',
  'new-x509-credential',
  'new-psk-credential',
  'psk-importer-sha256',
  'psk-importer-sha384',
  'must-match-issuer',
  'no-tls13',
  'no-tls12',
  'no-tls11',
  'no-tls1',
  'no-key-shares',
  'expect-hrr',
  'expect-no-hrr',
  'server-preference',
  'enable-grease',
  'verify-peer',
  'require-any-client-certificate',
  'verify-fail',
  'use-custom-verify-callback',
  'expect-verify-result',
  'use-old-client-cert-callback',
  'expect-no-peer-cert',
  'fail-cert-callback',
  'async',
  'implicit-handshake',
  'shim-writes-first',
  'shim-shuts-down',
  'check-close-notify',
  'read-with-unfinished-write',
  'partial-write',
  'send-alert',
  'handshake-twice',
  'no-op-extra-handshake',
  'handshake-never-done',
  'use-early-callback',
  'fail-early-callback',
  'install-ddos-callback',
  'fail-ddos-callback',
  'key-update',
  'key-update-before-read',
  'no-ticket',
  'expect-no-session',
  'expect-extended-master-secret',
  'expect-session-miss',
  'reverify-on-resume',
  'enable-early-data',
  'expect-ticket-supports-early-data',
  'expect-accept-early-data',
  'expect-reject-early-data',
  'expect-no-offer-early-data',
  'expect-no-session-id',
  'expect-session-id',
  'expect-ticket-renewal',
  // No session is.
  'expect-not-resumable-across-names',
  'expect-secure-renegotiation',
  // It is always so.
  'no-legacy-server-connect',
  'fallback-scsv',
  'renegotiate-ignore',
  'expect-no-server-name',
  'decline-alpn',
  'select-empty-alpn',
  'reject-alpn',
  'use-export-context',
  'export-traffic-secrets',
  'enable-ocsp-stapling',
  'enable-signed-cert-timestamps',
  'use-ocsp-callback',
  'set-ocsp-in-callback',
  'decline-ocsp-callback',
  'fail-ocsp-callback',
]);

/** Flags that describe the credential named last by a `-new-…-credential`. */
const OF_CREDENTIAL: ReadonlySet<string> = new Set([
  'cert-file',
  'key-file',
  'signing-prefs',
  'ocsp-response',
  'signed-cert-timestamps',
  'must-match-issuer',
  'psk-importer-key',
  'psk-importer-identity',
  'psk-importer-context',
  'psk-importer-sha256',
  'psk-importer-sha384',
]);

/** The flags of one connection. Every flag may come several times; where one value is meant, the last one counts. */
export class Flags {
  readonly #values = new Map<string, string[]>();

  add(flag: string, value: string): void {
    const values = this.#values.get(flag);
    if (values === undefined) this.#values.set(flag, [value]);
    else values.push(value);
  }

  has(flag: string): boolean {
    return this.#values.has(flag);
  }

  /** One character for each byte. */
  text(flag: string): string | undefined {
    return this.#values.get(flag)?.at(-1);
  }

  number(flag: string): number | undefined {
    const text = this.text(flag);
    return text === undefined ? undefined : Number(text);
  }

  numbers(flag: string): readonly number[] {
    return (this.#values.get(flag) ?? []).map(Number);
  }

  /** Of a value in base64. */
  bytes(flag: string): Uint8Array | undefined {
    const text = this.text(flag);
    return text === undefined ? undefined : new Uint8Array(Buffer.from(text, 'base64'));
  }
}

/** What one test tells the shim. */
export interface CommandLine {
  /** The first connection, */
  readonly initial: ConnectionFlags;
  /** the ones after it, */
  readonly resume: ConnectionFlags;
  /** and what becomes of one whose early data was rejected. */
  readonly retry: ConnectionFlags;
}

export interface ConnectionFlags {
  readonly flags: Flags;
  /** The default credential and those added to it, in order; without a certificate file there is none. */
  readonly credentials: readonly Flags[];
}

/** @throws Unimplemented for a flag that is not known here. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const line = { initial: connection(), resume: connection(), retry: connection() };
  for (let i = 0; i < args.length; i++) {
    let name = args[i]!;
    const forHandshaker = name.startsWith('-on-handshaker-');
    name = name.replace(/^-on-(handshaker|shim)-/, '-');
    const prefix = /^-on-(initial|resume|retry)-/.exec(name);
    if (prefix !== null) name = `-${name.slice(prefix[0].length)}`;
    const flag = name.slice(1);
    const takesValue = WITH_VALUE.has(flag);
    if (!takesValue && !ALONE.has(flag)) throw new Unimplemented(`the flag -${flag}`);
    const value = takesValue ? (args[++i] ?? '') : '';
    if (forHandshaker) continue;
    const targets = prefix === null ? Object.values(line) : [line[prefix[1] as keyof CommandLine]];
    for (const target of targets) {
      if (flag === 'new-x509-credential' || flag === 'new-psk-credential') target.credentials.push(new Flags());
      else if (OF_CREDENTIAL.has(flag)) target.credentials.at(-1)!.add(flag, value);
      else target.flags.add(flag, value);
    }
  }
  return line;
}

function connection(): { flags: Flags; credentials: Flags[] } {
  return { flags: new Flags(), credentials: [new Flags()] };
}

import type { ErrorCode } from '../../src/errors.ts';

/** What is behind a code, what can be done, and what provokes it. A code without an entry does not compile. */
export interface CodeEntry {
  readonly cause: string;
  readonly remedy: string;
  readonly example: Example;
}

export type Example =
  /** A program, which the tests run. */
  | { readonly program: string }
  /** A fault of the test kit's server: the program is made for it. */
  | { readonly fault: string; readonly options?: string }
  /** A rule that a peer breaks in `test/negative/`: all that there are for this code. */
  | { readonly rows: true }
  /** Another test, and a part of it that names the code. */
  | { readonly test: string };

const rows: Example = { rows: true };
const kit = (fault: string, options?: string): Example => ({ fault, ...(options !== undefined && { options }) });
const test = (path: string): Example => ({ test: path });
const program = (...lines: readonly string[]): Example => ({ program: lines.join('\n') });

const UPDATE =
  'The peer has to be mended or updated. Report it to its makers with what `warifu connect --explain --bytes` shows.';
const CHANGED =
  'Look for what changes bytes on the way: a proxy, a driver, a pipe that treats bytes as text. Otherwise the peer has to be mended.';
const OFFER = 'Both sides need one in common: look at the option on both. `warifu scan` lists what a server has.';
const FLOOD =
  'None on our side: the connection has been ended before it cost more. If the peer is yours, it must not send so many.';

const entry = (cause: string, remedy: string, example: Example = rows): CodeEntry => ({ cause, remedy, example });

export const CODES: { readonly [C in ErrorCode]: CodeEntry } = {
  ERR_DECODE: entry(
    'A message of the peer has not the form that the RFC gives it: it is too short, or a length in it is wrong.',
    UPDATE,
  ),
  ERR_TRAILING_BYTES: entry('A message of the peer is longer than its fields.', UPDATE, kit('trailing-bytes')),
  ERR_MESSAGE_TOO_LARGE: entry(
    'The peer announced a message that is larger than any that is taken, so that memory stays bounded. For certificates the bound is `maxChainSize`.',
    'Raise `maxChainSize` if the peer has good reason for so large a chain; otherwise it has to send less.',
    test('test/negative/alerts.test.ts'),
  ),
  ERR_UNEXPECTED_MESSAGE: entry(
    'A message came at a point of the handshake at which it must not.',
    UPDATE,
    kit('unexpected-message'),
  ),
  ERR_LEFTOVER_BYTES: entry(
    'A record carried bytes of the handshake beyond a message that changes the keys: they would have been read under the wrong ones.',
    UPDATE,
  ),
  ERR_INTERLEAVED: entry('A record of another kind came between two parts of one message.', UPDATE),
  ERR_UNEXPECTED_RECORD: entry(
    'A record of a type that is unknown, or not allowed at this point.',
    CHANGED,
    kit('unknown-record'),
  ),
  ERR_EMPTY_RECORD: entry('A record of the handshake with nothing in it.', UPDATE, kit('empty-record')),
  ERR_RECORD_OVERFLOW: entry(
    'A record is longer than the RFC or a limit that was agreed on allows.',
    CHANGED,
    kit('huge-record'),
  ),
  ERR_RECORD_VERSION: entry(
    'What came looks like a record, with a major version that no TLS has.',
    CHANGED,
    test('test/negative/alerts.test.ts'),
  ),
  ERR_NOT_TLS: entry(
    'The first bytes are none of TLS; the message shows them. Mostly it is the wrong port, a plain HTTP server or proxy, or a protocol in which TLS begins later (SMTP, IMAP, PostgreSQL).',
    'Look at host and port; where the protocol begins in the clear, do STARTTLS first.',
    kit('not-tls'),
  ),
  ERR_BAD_RECORD_MAC: entry(
    'A record was changed on the way, or the two sides have different keys.',
    CHANGED,
    kit('bad-flight'),
  ),
  ERR_NO_CONTENT_TYPE: entry('A protected record holds padding and nothing else.', UPDATE),
  ERR_TOO_MANY_EMPTY_RECORDS: entry('Records without content cost us work and the peer nothing.', FLOOD),
  ERR_TOO_MANY_WARNINGS: entry('Warnings without anything between them.', FLOOD),
  ERR_TOO_MANY_KEY_UPDATES: entry('The peer changes its keys again and again, without data in between.', FLOOD),
  ERR_TOO_MANY_CCS: entry(
    'More than the few ChangeCipherSpec records that a handshake has.',
    FLOOD,
    test('test/record/record.test.ts'),
  ),
  ERR_TOO_MUCH_EARLY_DATA: entry(
    'A client sent more early data than its ticket allows, or, where none is taken, more than is ignored.',
    'Raise `resumption.earlyData.max` if clients need more, or have them send less.',
  ),
  ERR_TOO_MANY_TICKETS: entry(
    'A server sent ticket after ticket, without data in between.',
    FLOOD,
    test('test/record/record.test.ts'),
  ),
  ERR_TOO_MANY_CERTIFICATE_REQUESTS: entry(
    'A server asked for a certificate again and again, without data in between.',
    FLOOD,
    test('test/engine/limits.test.ts'),
  ),
  ERR_BAD_CCS: entry('A ChangeCipherSpec with another content, or at a point where there is none.', UPDATE),
  ERR_BAD_ALERT: entry('An alert that is cut in two, or joined with another.', UPDATE),
  ERR_ALERT_LEVEL: entry('An alert of a level that there is not.', UPDATE),
  ERR_ILLEGAL_PARAMETER: entry('A field has a value that the RFC forbids.', UPDATE),
  ERR_LEGACY_VERSION: entry('A field that is frozen since TLS 1.3 has another value.', UPDATE),
  ERR_COMPRESSION: entry(
    'The peer wants compression, which TLS 1.3 has not and which makes TLS 1.2 unsafe (CRIME).',
    'Turn compression off at the peer.',
  ),
  ERR_SESSION_ID_ECHO: entry(
    'A server answered with another session id than ours: it may have answered another ClientHello.',
    UPDATE,
  ),
  ERR_VERSION: entry(
    'There is no version that both sides allow: the peer is too old, or `protocols` too narrow.',
    'Update the peer. TLS 1.0 and 1.1 are not here (RFC 8996); TLS 1.2 is, unless `protocols` leaves it out.',
    kit('tls11'),
  ),
  ERR_SELECTED_VERSION: entry('A server answered with a version that was not offered.', UPDATE),
  ERR_DOWNGRADE: entry(
    'The random of the server says that it speaks a newer version than it answered with: the ClientHello was changed on the way.',
    'Look for what sits in between: an inspecting proxy, or an attacker. Do not repeat it with less.',
    kit('downgraded'),
  ),
  ERR_INAPPROPRIATE_FALLBACK: entry(
    'A client came a second time with a lower version, though both sides speak a newer one.',
    'The client has to connect with its newest version; its first try failed for another reason.',
  ),
  ERR_SELECTED_SUITE: entry('A server chose a cipher suite that was not offered.', UPDATE, kit('unoffered-suite')),
  ERR_SUITE_CHANGED: entry('A server chose one suite in HelloRetryRequest and another behind it.', UPDATE),
  ERR_NO_SHARED_SUITE: entry('No cipher suite of the client is one of ours.', OFFER),
  ERR_NO_SHARED_GROUP: entry('No group of the client is one of ours.', OFFER),
  ERR_NO_SHARED_SCHEME: entry(
    'The client can verify no signature that the certificate can make which was chosen for it.',
    'Show a certificate with another kind of key as well: `credential` takes a list, of which the one that fits is shown; a function has to look at `schemes`.',
    program(
      "import { accept, connect } from 'warifu';",
      "import { autoProvider } from 'warifu/crypto/auto';",
      "import { loadCredential } from 'warifu/pki';",
      "import { createAuthority, issueCertificate } from 'warifu/pki/issue';",
      "import { memoryPipe } from 'warifu/pipes';",
      "const issuer = await createAuthority({ subject: 'Root' });",
      "const { chainPem, keyPair } = await issueCertificate({ issuer, names: 'a.example', purpose: 'server' });",
      'const p256 = await loadCredential({ certificates: chainPem, privateKey: keyPair!.pem }, autoProvider());',
      'const [here, there] = memoryPipe();',
      'const [, server] = await Promise.allSettled([',
      "  connect(here, { serverName: 'a.example', anchors: issuer.pem, signatures: ['ed25519'] }),",
      '  accept(there, { credential: () => p256 }),',
      ']);',
      "server.status === 'rejected' && server.reason.code; // 'ERR_NO_SHARED_SCHEME'",
    ),
  ),
  ERR_NO_CREDENTIAL: entry(
    'There is no certificate for the name that the client asked for, or of a kind that it can verify; the message says which of ours are not, and why.',
    'Give a credential that fits, or choose by `selectContext`.',
    test('test/engine/credential-fit.test.ts'),
  ),
  ERR_NO_SHARED_ALPN: entry(
    'Both sides name application protocols, and have none in common.',
    'Look at `alpn` on both sides.',
  ),
  ERR_SELECTED_ALPN: entry(
    'A server chose an application protocol that was not offered.',
    UPDATE,
    kit('bad-alpn', "alpn: ['http/1.1']"),
  ),
  ERR_UNRECOGNIZED_NAME: entry(
    'The client asked for a name that this server does not have, and `requireServerName` is set.',
    'Use a name that the server has, or give it a credential for this one.',
    test('test/negative/alerts.test.ts'),
  ),
  ERR_SELECTED_GROUP: entry(
    'A server chose a group that was not offered, or has no share of ours.',
    UPDATE,
    kit('unoffered-group'),
  ),
  ERR_BAD_KEY_SHARE: entry(
    'The public value of the peer is none of its group: too short, not on the curve, or one that makes the secret known.',
    UPDATE,
  ),
  ERR_KEY_SHARE_ORDER: entry('The shares of a client do not go with the groups that it lists.', UPDATE),
  ERR_RETRY_POINTLESS: entry('A server asks for a second ClientHello that would be the same as the first.', UPDATE),
  ERR_SECOND_RETRY: entry('A server asks again and again for another ClientHello.', UPDATE, kit('hrr-loop')),
  ERR_RETRY_CHANGED: entry('A client changed more of its second ClientHello than it may.', UPDATE),
  ERR_BAD_COOKIE: entry('A client did not bring back the cookie that it was given.', UPDATE),
  ERR_MISSING_EXTENSION: entry('An extension is missing without which the handshake cannot be done.', UPDATE),
  ERR_UNSUPPORTED_EXTENSION: entry(
    'The peer answers something that it was not asked.',
    UPDATE,
    kit('unsolicited-extension'),
  ),
  ERR_MISPLACED_EXTENSION: entry('An extension stands in a message that must not carry it.', UPDATE),
  ERR_DUPLICATE_EXTENSION: entry('An extension stands twice in one message.', UPDATE),
  ERR_EXTENSION_ORDER: entry(
    'The extension pre_shared_key has to be the last extension, for its binders cover all before it.',
    UPDATE,
  ),
  ERR_SELECTED_PSK: entry('A server chose a PSK that was not offered, or one that does not go with its suite.', UPDATE),
  ERR_BAD_BINDER: entry(
    'A client does not have the key whose identity it names, or the two sides have different ones.',
    'Give both sides the same `psks`: secret, hash and whether it is imported.',
  ),
  ERR_BINDER_COUNT: entry(
    'A client names more keys than it proves, or fewer.',
    UPDATE,
    test('test/wire/extensions.test.ts'),
  ),
  ERR_REQUEST_CONTEXT: entry('A certificate answers another request than ours.', UPDATE),
  ERR_EMPTY_CERTIFICATE: entry(
    'A server showed no certificate.',
    'Give the server a certificate.',
    kit('empty-certificate'),
  ),
  ERR_CERTIFICATE_REQUIRED: entry(
    '`clientAuth` is `require`, and the client has shown nothing.',
    'Give the client a `credential` from one of the authorities that this server names; or take `request` or `optional`.',
  ),
  ERR_CERTIFICATE_REQUIRED_12: entry(
    'The same, with TLS 1.2.',
    'Give the client a `credential` from one of the authorities that this server names; or take `request` or `optional`.',
  ),
  ERR_CERTIFICATE_UNREADABLE: entry(
    'The certificate of the peer has a public key of a kind that is not known here.',
    'Use a certificate with an RSA key, or one on P-256, P-384, P-521, Ed25519 or Ed448.',
  ),
  ERR_SCHEME_NOT_OFFERED: entry('The peer signed in a way that we did not say we verify.', UPDATE),
  ERR_SCHEME_KEY: entry('The peer signed in a way that its key cannot.', UPDATE),
  ERR_BAD_SIGNATURE: entry(
    'The peer does not have the key of its certificate, or what it signed was changed on the way.',
    'If the server is yours: certificate and key do not go together. Otherwise look for what sits in between.',
    kit('wrong-signature'),
  ),
  ERR_BAD_FINISHED: entry(
    'What the two sides have seen of the handshake is not the same.',
    CHANGED,
    kit('wrong-finished'),
  ),
  ERR_KEY_UPDATE: entry('A KeyUpdate that says neither yes nor no.', UPDATE),
  ERR_RECORD_SIZE_LIMIT: entry('The peer asks for records that are too small, or larger than there are.', UPDATE),
  ERR_MAX_FRAGMENT_LENGTH: entry(
    'A server answered max_fragment_length with another length than was asked for.',
    UPDATE,
  ),
  ERR_RENEGOTIATION: entry(
    'A peer of TLS 1.2 asks for another handshake, which is not done here: it has no use that is safe.',
    'Have the server ask for the certificate in the first handshake, or speak TLS 1.3, where it can ask later.',
    test('test/interop/tls12.test.ts'),
  ),
  ERR_RENEGOTIATION_INFO: entry(
    'A server of TLS 1.2 does not say that it renegotiates safely (RFC 5746).',
    'Update the server. `requireRenegotiationInfo: false` takes such servers, for a network in which no attacker can be.',
  ),
  ERR_EXTENDED_MASTER_SECRET: entry(
    'The peer does not bind the secret to the handshake, and that was required, or the session had it.',
    'Update the peer; `requireExtendedMasterSecret` is an option.',
  ),
  ERR_POINT_FORMAT: entry('The peer does not list uncompressed points, the only ones that there are.', UPDATE),
  ERR_CERTIFICATE_KEY_KIND: entry(
    'A server of TLS 1.2 chose a suite for another kind of key than that of its certificate.',
    UPDATE,
  ),
  ERR_CERTIFICATE_CURVE: entry(
    'The key of the certificate is on a curve that the client does not list.',
    'Put the curve into `groups` of the client, or use another certificate.',
    test('test/engine/rules12.test.ts'),
  ),

  ERR_PEER_REFUSED: entry(
    'Our verifier does not accept the certificate of the peer. `failure` says which certificate, what was expected and found, and what to do; `failure.code` is for programs.',
    'The advice is in the message. Most often: give the right `anchors`, connect by a name that the certificate has, have the server send its intermediates.',
    kit('expired'),
  ),
  ERR_VERIFIER_FAILED: entry(
    'A verifier of the program threw, or did not answer with a verdict: so the peer is not accepted.',
    'Mend the verifier; what it threw is the `cause`.',
    program(
      "import { connect } from 'warifu/node';",
      "import { startBadServer } from 'warifu/testkit';",
      'const server = await startBadServer();',
      'const verifier = {',
      '  verify: () => {',
      "    throw new Error('the database of devices is away');",
      '  },',
      '};',
      "const socket = connect(server, { verifier, serverName: server.nameOf('good') });",
      'const error = await socket.secured().catch((reason) => reason);',
      "error.code; // 'ERR_VERIFIER_FAILED'",
      "error.cause.message; // 'the database of devices is away'",
      'await server.close();',
    ),
  ),
  ERR_SIGNER_FAILED: entry(
    'The private key, or the service that has it, did not sign.',
    'Look at the `cause`: is the service reachable, may this key sign in this way?',
    program(
      "import { accept, connect } from 'warifu';",
      "import { autoProvider } from 'warifu/crypto/auto';",
      "import { loadCredential } from 'warifu/pki';",
      "import { createAuthority, issueCertificate } from 'warifu/pki/issue';",
      "import { memoryPipe } from 'warifu/pipes';",
      "const root = await createAuthority({ subject: 'Root' });",
      "const { chainPem, keyPair } = await issueCertificate({ issuer: root, names: 'a.example', purpose: 'server' });",
      'const loaded = await loadCredential({ certificates: chainPem, privateKey: keyPair!.pem }, autoProvider());',
      "const signer = { ...loaded.signer, publicKey: loaded.signer.publicKey, sign: () => Promise.reject(new Error('the HSM is locked')) };",
      'const [here, there] = memoryPipe();',
      'const [, server] = await Promise.allSettled([',
      "  connect(here, { serverName: 'a.example', anchors: root.pem }),",
      '  accept(there, { credential: { ...loaded, signer } }),',
      ']);',
      "server.status === 'rejected' && server.reason.code; // 'ERR_SIGNER_FAILED'",
    ),
  ),
  ERR_CALLBACK_FAILED: entry(
    'Another function of the program threw: one that chooses a context, stores a session, is told of the trace. The message names it.',
    'Mend the function; what it threw is the `cause`.',
    program(
      "import { connect } from 'warifu/node';",
      "import { startBadServer } from 'warifu/testkit';",
      'const server = await startBadServer();',
      'const onTrace = () => {',
      "  throw new Error('the disk is full');",
      '};',
      "const socket = connect(server, { anchors: server.root, serverName: server.nameOf('good'), onTrace });",
      'const error = await socket.secured().catch((reason) => reason);',
      "error.message; // 'ERR_CALLBACK_FAILED: a callback of the program failed: onTrace'",
      'await server.close();',
    ),
  ),
  ERR_INTERNAL: entry(
    'A fault of this library, or of a provider that does not do what it says.',
    'Please report it, with the `cause` and how it came about. A provider of your own: hold it against `warifu/crypto/conformance`.',
    test('test/crypto/fallback.test.ts'),
  ),
  ERR_SEAL_LIMIT: entry(
    'So much was sent under one key that it has to be changed, and it could not: early data of a handshake that does not come to its end.',
    'Send less before the handshake is done; afterwards keys are changed by themselves.',
    test('test/record/record.test.ts'),
  ),
  ERR_ALERT_RECEIVED: entry(
    'The peer ended the connection and said why, as far as an alert can. `alertReceived` is its number; the message has what of ours it is about: what was offered, what was shown, whose certificates it takes.',
    'handshake_failure, protocol_version, no_application_protocol: give what both have. certificate_required, unknown_ca, bad_certificate: give a `credential` that the peer takes. Anything else: look into the log of the peer.',
    kit('refuses'),
  ),
  ERR_TRUNCATED: entry(
    'The transport ended, and the peer had not said that it is done (close_notify). In the handshake it refuses, or the network failed; afterwards the last data may be missing, by accident or by an attacker who cut it off.',
    'Do not treat what came as whole. For peers that never say it, where the protocol above has lengths of its own: `allowTruncation`.',
    kit('hangs-up'),
  ),
  ERR_TRANSPORT: entry(
    'The socket or pipe below failed. Its own error is the `cause`, and in the message.',
    'Look at the cause: nothing listens, the route is gone, the peer reset the connection.',
    program(
      "import { connect } from 'warifu/node';",
      "const socket = connect({ host: '127.0.0.1', port: 1 }, { anchors: [] });",
      'const error = await socket.secured().catch((reason) => reason);',
      "error.message; // 'ERR_TRANSPORT: the transport failed: connect ECONNREFUSED 127.0.0.1:1'",
    ),
  ),
  ERR_HANDSHAKE_TIMEOUT: entry(
    'The handshake took longer than `handshakeTimeout`. The message says how far it had come.',
    'If nothing had come: is it the right port, does a firewall drop packets? Otherwise the peer, a verifier or a key service is slow: raise the limit.',
    kit('stalls', 'handshakeTimeout: 300'),
  ),
  ERR_ABORTED: entry(
    'The program gave the connection up: by `signal`, or by closing during the handshake.',
    'None is needed; the reason of the signal is the `cause`.',
    program(
      "import { connect } from 'warifu';",
      "import { memoryPipe } from 'warifu/pipes';",
      'const [here] = memoryPipe();',
      "const signal = AbortSignal.abort(new Error('the user has gone'));",
      "const error = await connect(here, { serverName: 'a.example', anchors: [], signal }).catch((reason) => reason);",
      "error.code; // 'ERR_ABORTED'",
      "error.cause.message; // 'the user has gone'",
    ),
  ),
  ERR_OPTION: entry(
    'An option is unknown, of another type, contradicts another, or is not possible here. The message says what was expected, what was found and what to write.',
    'Write what the message says; all options are in [options](options.md).',
    program(
      "import { createClientContext, TlsError } from 'warifu';",
      "let message = '';",
      'try {',
      "  createClientContext({ anchor: '' } as object);",
      '} catch (error) {',
      '  if (error instanceof TlsError) message = error.message;',
      '}',
      "message; // 'ERR_OPTION: an option cannot be used: anchor: there is no such option; write anchors'",
    ),
  ),
  ERR_STATE: entry(
    'The call cannot be made now: the handshake is not done, the connection is over, or this version has no such thing.',
    'Await `secured()` or `connect` first; look at `closed`.',
    program(
      "import { connect } from 'warifu/node';",
      "import { TlsError } from 'warifu';",
      "const socket = connect({ host: '127.0.0.1', port: 1 }, { anchors: [] }).on('error', () => {});",
      "let code = '';",
      'try {',
      "  socket.exportKey('EXPORTER-example', undefined, 32);",
      '} catch (error) {',
      '  if (error instanceof TlsError) code = error.code;',
      '}',
      "code; // 'ERR_STATE'",
      'socket.destroy();',
    ),
  ),
  ERR_LIMIT: entry(
    'An argument is larger than the protocol can carry.',
    'Give less: the message has the limit.',
    program(
      "import { systemRandom } from 'warifu/crypto';",
      "import { encryptPkcs8 } from 'warifu/pki/formats';",
      "import { generateKeyPair } from 'warifu/pki/issue';",
      "const { der } = await generateKeyPair('Ed25519');",
      "const options = { password: 'correct horse', random: systemRandom, iterations: 1e12 };",
      'const error = await encryptPkcs8(der, options).catch((reason) => reason);',
      "error.code; // 'ERR_LIMIT'",
    ),
  ),
  ERR_KEY: entry(
    'A certificate, key or container of ours cannot be read, is of a kind that cannot be used, or does not go with the others.',
    'The message says what is in the file and how to convert it; `warifu cert show FILE` says more.',
    program(
      "import { createClientContext, TlsError } from 'warifu';",
      "let message = '';",
      'try {',
      "  createClientContext({ anchors: './root.pem' });",
      '} catch (error) {',
      '  if (error instanceof TlsError) message = error.message;',
      '}',
      "message.startsWith('ERR_KEY: '); // true: and it says that this is a path, and not what is in the file",
    ),
  ),
  ERR_PASSWORD: entry(
    'A key or container is encrypted, and the password is wrong or missing.',
    'Give the right `password`.',
    program(
      "import { systemRandom } from 'warifu/crypto';",
      "import { autoProvider } from 'warifu/crypto/auto';",
      "import { loadCredential } from 'warifu/pki';",
      "import { createAuthority, issueCertificate } from 'warifu/pki/issue';",
      "import { encryptPkcs8 } from 'warifu/pki/formats';",
      "const issuer = await createAuthority({ subject: 'Root' });",
      "const { chainPem, keyPair } = await issueCertificate({ issuer, names: 'a.example', purpose: 'server' });",
      "const privateKey = await encryptPkcs8(keyPair!.der, { password: 'right', random: systemRandom, iterations: 1000 });",
      "const error = await loadCredential({ certificates: chainPem, privateKey, password: 'wrong' }, autoProvider()).catch((reason) => reason);",
      "error.code; // 'ERR_PASSWORD'",
    ),
  ),
};

import type { Mutant } from './mutant.ts';

/** The checks on which the authentication of a handshake rests. */
const engine = ['test/negative/alerts.test.ts', 'test/engine/pieces.test.ts'];

export const mutants: readonly Mutant[] = [
  {
    name: 'proof: Finished of TLS 1.3',
    find: "if (!equalConstantTime(verifyData, expected)) throw new TlsError('ERR_BAD_FINISHED');",
    tests: engine,
  },
  {
    name: 'proof: Finished of TLS 1.2',
    find: 'if (!equalConstantTime(verifyData, main.finished(peer, transcript.digest())))',
    replace: 'if (peer === undefined)',
    tests: [...engine, 'test/handshake/versions.test.ts'],
  },
  {
    name: 'proof: the signature over the handshake',
    find: 'if (good !== true) throw',
    replace: 'if (good === undefined) throw',
    tests: engine,
  },
  {
    name: 'proof: anything but a yes of the verifier is a no',
    find: 'if (verdict?.ok === true && verdict.publicKey instanceof Uint8Array) return verdict.publicKey;',
    replace: 'if (verdict?.publicKey instanceof Uint8Array) return verdict.publicKey;',
    tests: [...engine, 'test/engine/rules12.test.ts', 'test/resumption/connect.test.ts'],
  },
  {
    name: 'proof: the key goes with the scheme',
    find: 'if (!scheme.fits(key, tls13))',
    replace: 'if (scheme === undefined)',
    tests: ['test/negative'],
  },
  {
    name: 'proof: the scheme was offered',
    find: /if \(scheme === undefined\)(\s+throw new TlsError\('ERR_SCHEME_NOT_OFFERED')/,
    replace: 'if (proof === undefined)$1',
    tests: engine,
  },
  {
    name: 'proof: the binder of a PSK',
    find: 'if (binder === undefined || !equalConstantTime(binder, secrets.binder(meaning.kind, cutDigest)))',
    replace: 'if (binder === undefined)',
    tests: ['test/negative'],
  },
  {
    name: 'proof: the cookie of HelloRetryRequest',
    find: "if (!equalConstantTime(ours, theirs)) throw new TlsError('ERR_BAD_COOKIE');",
    tests: engine,
  },
  {
    name: 'rule: the suite is one that we offered',
    find: "if (suite === undefined) throw new TlsError('ERR_SELECTED_SUITE', {",
    replace: "if (hello === undefined) throw new TlsError('ERR_SELECTED_SUITE', {",
    file: 'tls13/client/hello.ts',
    tests: engine,
  },
  {
    name: 'rule: the suite does not change after HelloRetryRequest',
    find: "if ('suite' in data && data.suite.id !== suite.id) {",
    replace: "if ('suite' in data && data.suite.id < 0) {",
    tests: engine,
  },
  {
    name: 'rule: the session id comes back as it was sent',
    find: "if (!equalBytes(hello.legacySessionIdEcho, data.hello.legacySessionId)) throw new TlsError('ERR_SESSION_ID_ECHO');",
    tests: engine,
  },
  {
    name: 'rule: HelloRetryRequest changes something',
    find: "if (extensions.get(cookie) === undefined) throw new TlsError('ERR_RETRY_POINTLESS');",
    tests: engine,
  },
  {
    name: 'rule: the server marks a version below its best',
    find: 'random.set(DOWNGRADE_TLS12, 24);',
    replace: 'random.set(DOWNGRADE_TLS12, 23);',
    tests: ['test/handshake/versions.test.ts'],
  },
  {
    name: 'rule: requests for new keys are answered with the next data',
    find: '  if (requestUpdate === 1) data.updates.owed = true;\n',
    tests: ['test/engine/limits.test.ts', 'test/engine/pieces.test.ts'],
  },
  {
    name: 'resumed: the identities of the peer, read anew',
    find: '    details: detailsOf(path, { verified: true, policies }),\n',
    tests: ['test/resumption/identities.test.ts'],
  },
];

import type { Hints } from './engine/config/rules.ts';

/** What other libraries call our options, and what to write instead. */
const BOTH: Hints = {
  ca: 'write anchors: the certificates that are trusted',
  caCerts: 'write anchors: the certificates that are trusted',
  caFile: 'write anchors, with what is in the file',
  trustAnchors: 'write anchors: the certificates that are trusted',
  roots: 'write anchors: the certificates that are trusted',
  cert: 'write credential: { certificates, privateKey }',
  certChain: 'write credential: { certificates, privateKey }',
  certificate: 'write credential: { certificates, privateKey }',
  certificates: 'write credential: { certificates, privateKey }',
  key: 'write credential: { certificates, privateKey }',
  privateKey: 'write credential: { certificates, privateKey }',
  pfx: 'write credential: { certificates: pfx, password }',
  passphrase: 'write credential: { certificates, privateKey, password }',
  password: 'write credential: { certificates, privateKey, password }',
  credentials: 'write credential: one, or a list of them',
  ALPNProtocols: "write alpn: ['h2', 'http/1.1']",
  alpnProtocols: "write alpn: ['h2', 'http/1.1']",
  nextProtos: "write alpn: ['h2', 'http/1.1']",
  minVersion:
    'write protocols, with the versions to speak, of warifu/protocols: [client13], [server13] for TLS 1.3 alone',
  maxVersion:
    'write protocols, with the versions to speak, of warifu/protocols: [client12] or [server12] for TLS 1.2 alone',
  secureProtocol: 'write protocols, with the versions to speak, of warifu/protocols',
  ciphers: "write suites, with names such as 'TLS_AES_128_GCM_SHA256'",
  cipherSuites: "write suites, with names such as 'TLS_AES_128_GCM_SHA256'",
  ecdhCurve: "write groups, with names such as 'X25519'",
  curves: "write groups, with names such as 'X25519'",
  namedCurves: "write groups, with names such as 'X25519'",
  sigalgs: "write signatures, with names such as 'ecdsa_secp256r1_sha256'",
  signatureAlgorithms: "write signatures, with names such as 'ecdsa_secp256r1_sha256'",
  rejectUnauthorized:
    'the peer is always verified; to trust a certificate of your own give it as anchors, to decide for yourself give a verifier',
  insecureSkipVerify:
    'the peer is always verified; to trust a certificate of your own give it as anchors, to decide for yourself give a verifier',
  verify: 'write verifier: certificateVerifier() and others are in warifu/pki',
  crl: 'write verifier: certificateVerifier({ anchors, signatures, revocation }) of warifu/pki',
  crls: 'write verifier: certificateVerifier({ anchors, signatures, revocation }) of warifu/pki',
  keylog: 'write keyLog',
  enableTrace: 'write onTrace: a function',
  timeout: 'write signal: AbortSignal.timeout(milliseconds)',
  secureContext: 'write context: a context of createClientContext() or createServerContext()',
  ticketKeys: 'write resumption: { tickets: ticketSealer({ crypto, secrets }) }',
  tickets: 'write resumption: { tickets }',
  provider: 'write crypto',
};

export const CLIENT_NAMES: Hints = {
  ...BOTH,
  servername: 'write serverName',
  hostname: 'write serverName, where you connect',
  host: 'write serverName, where you connect',
  serverName: 'give it where you connect: connect(pipe, { context, serverName })',
  earlyData: 'give it where you connect: connect(pipe, { context, earlyData })',
  sessionKey: 'give it where you connect, or write resumption: { key }',
  session: 'write resumption: { store }',
  sessions: 'write resumption: { store }',
  checkServerIdentity: 'write serverName where you connect, or a verifier of your own',
};

export const SERVER_NAMES: Hints = {
  ...BOTH,
  requestCert: "write clientAuth: 'request', 'optional' or 'require'",
  mutual: "write clientAuth: 'require'",
  SNICallback: 'write selectContext: a function that chooses by the ClientHello',
  honorCipherOrder: "write preference: 'server' or 'client'",
  sessionIdContext: 'write resumption: { context }',
  sessionTimeout: 'write resumption: { ticketLifetime }, in seconds',
  sessionIds: 'write resumption: { sessionIds }',
  dhparam: 'finite-field Diffie-Hellman is in warifu/legacy',
};

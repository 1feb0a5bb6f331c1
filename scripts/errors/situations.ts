import { createPrivateKey } from 'node:crypto';
import { generateKeyPair } from '../../src/pki/issue/index.ts';
import { closedPort, type Servers } from './servers.ts';
import type { Facts, Setting, Situation } from './setting.ts';

/** A date, as anyone writes it. */
const DATE = /\d{4}-\d\d-\d\d|[A-Z][a-z]{2} +\d+ [\d:]+ \d{4}/;
const ALERT = /alert|refused|rejected/i;
const CLOSED = /clos|ended|hang up|disconnected|prematurely|unexpected eof|non-properly|empty reply|SYSCALL/i;

/**
 * What goes wrong for clients, and what a text should tell of it: what happened, where, with which values, and what there is
 * to do about it. Each fact has a pattern that takes any program's words for it.
 */
export async function situations(servers: Servers): Promise<readonly Situation[]> {
  const { bad, client, stranger, root } = servers;
  const kit = (name: string, about: string, facts: Facts, more: Partial<Setting> = {}): Situation => {
    const setting = { host: bad.host, port: bad.port, name: bad.nameOf(name), anchors: bad.root, ...more };
    return { name: name.replaceAll('-', ' '), about, facts, setting };
  };
  const own = (name: string, about: string, facts: Facts, port: number, more: Partial<Setting> = {}): Situation => {
    return {
      name,
      about,
      facts,
      setting: { host: '127.0.0.1', port, name: 'server.localhost', anchors: root, ...more },
    };
  };
  const [mutual, strict, old, fussy, curve, mail, cut, resets, nothing, spare] = await Promise.all([
    servers.node({ requestCert: true, rejectUnauthorized: true }),
    servers.strict(),
    servers.node({ maxVersion: 'TLSv1.2' }),
    servers.node({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }),
    servers.node({ ecdhCurve: 'P-384' }),
    servers.node({ ALPNProtocols: ['imap'] }),
    servers.node({}, { cut: true }),
    servers.raw((socket) => socket.resetAndDestroy()),
    closedPort(),
    generateKeyPair(),
  ]);
  const locked = createPrivateKey(client.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'right',
  });
  return [
    kit('expired', 'the certificate of the server has expired', {
      'it has expired': /expired/i,
      'which certificate': /CN ?= ?expired|expired\.localhost/,
      'since when': DATE,
      'what to do': /renew/i,
    }),
    kit('wrong-name', 'the certificate is for another name', {
      'the name does not match': /not match|not for|NO match|mismatch/i,
      'the name that was wanted': /wrong-name\.localhost/,
      'the names that it has': /other\.example/,
    }),
    kit('self-signed', 'the certificate is signed by itself', {
      'it is self-signed': /self[- ]signed/i,
      'which certificate': /CN ?= ?self-signed|self-signed\.localhost/,
      'what to do': /anchor|trust it/i,
    }),
    kit('untrusted-root', 'its authority is none of those that are trusted', {
      'the issuer is not trusted': /(not|neither) trusted|issuer is unknown|unable to get (local )?issuer/i,
      'which issuer': /testkit stranger/,
      'what to do': /anchor/i,
    }),
    kit('missing-intermediate', 'the server does not send the intermediate certificate', {
      'the chain ends early': /intermediate|issuer is unknown|unable to get (local )?issuer/i,
      'it is the server that left something out': /not sen[dt]|nor was it sent|(has to|must|should) send/i,
      'which issuer is missing': /testkit intermediate/,
    }),
    kit(
      'revoked',
      'the certificate is revoked',
      {
        'it is revoked': /revoked/i,
        'which certificate': /CN ?= ?revoked|revoked\.localhost/,
        'since when': DATE,
      },
      { crl: bad.crl },
    ),
    own(
      'no certificate of ours',
      'the server demands a certificate of the client, which has none (TLS 1.3)',
      {
        'the peer refuses': ALERT,
        'it wants a certificate': /certificate[ _]required|asked for|wants a certificate/i,
        'none was given': /showed no|none was|there is no credential|no certificate (was|is)/i,
        'which authorities it accepts': /Example Root/,
        'what to do': /credential:|set credential|give a?/i,
      },
      mutual,
    ),
    own(
      'a wrong certificate of ours',
      "the client's certificate is of an authority that the server does not trust",
      {
        'the peer refuses': ALERT,
        'its reason': /unknown[ _]ca|CA is unknown/i,
        'which certificate was shown': /client-2/,
        'who issued it': /Some Other Root/,
        'which authorities it accepts': /Example Root/,
      },
      strict,
      { certificate: stranger.certificate, key: stranger.key },
    ),
    own(
      'a wrong certificate, and not a word',
      'the same, with a server (node:tls) that closes the connection without an alert',
      {
        'it was closed by the peer': CLOSED,
        'that it may have been a refusal': /refused|reject/i,
        'which certificate was shown': /client-2/,
        'which authorities it accepts': /Example Root/,
      },
      mutual,
      { certificate: stranger.certificate, key: stranger.key },
    ),
    own(
      'no common version',
      'the client wants TLS 1.3, the server has TLS 1.2',
      {
        'it is the version': /version/i,
        'what was offered': /offered.*1\.3/i,
        'where to change it': /protocols|min/i,
      },
      old,
      { only13: true },
    ),
    own(
      'no common suite',
      'the client offers one suite of TLS 1.2, the server has another',
      {
        'the peer refuses': ALERT,
        'which suites were offered': /ECDHE.ECDSA.(WITH.)?AES.?128.GCM/i,
        'which groups or signatures were offered': /x25519|secp256r1|ecdsa_/i,
      },
      fussy,
      { suite12: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
    ),
    own(
      'no common group',
      'the client offers X25519, the server has P-384',
      { 'the peer refuses': ALERT, 'which groups were offered': /x25519/i },
      curve,
      { group: 'X25519' },
    ),
    own(
      'no common protocol (ALPN)',
      'the client offers http/1.1, the server has imap',
      {
        'it is the application protocol': /application.protocol|ALPN/i,
        'what was offered': /http\/1\.1/,
        'where to change it': /`alpn`/,
      },
      mail,
      { alpn: 'http/1.1' },
    ),
    kit('not-tls', 'the server answers the ClientHello in plain HTTP', {
      'it is no TLS': /not speak TLS|not TLS|wrong version number|packet length|unexpected.*packet/i,
      'what came': /HTTP/,
      'what to do': /port|STARTTLS|http:\/\//i,
    }),
    kit('hangs-up', 'the server closes the connection in place of an answer', {
      'it was closed by the peer': CLOSED,
      'in the handshake': /handshake|before secure|SSL_connect/i,
      'before the server said anything': /before the (peer|server) (had )?(answered|said)|read 0 bytes/i,
    }),
    own(
      'reset',
      'the server resets the connection in the handshake',
      { 'it was reset': /reset/i, 'in the handshake': /handshake|before secure|SSL_connect/i },
      resets,
    ),
    own(
      'nothing there',
      'nothing listens at the port',
      { refused: /refused/i, where: new RegExp(`127\\.0\\.0\\.1(:| port )${nothing}|port ${nothing}`) },
      nothing,
    ),
    kit(
      'stalls',
      'the server says nothing more',
      {
        'time is over': /time/i,
        'how long it was': /\b1[05]\d\d\b|1\.5/,
        'in the handshake': /handshake|SSL connection|secure/i,
        'what was waited for': /ServerHello|server hello|answered/i,
      },
      { timeout: 1500 },
    ),
    own(
      'wrong password',
      "the client's private key is encrypted, and the password is another",
      { 'it is the password': /password|passphrase|decrypt/i, 'of what': /private key/i },
      mutual,
      { certificate: client.certificate, key: String(locked), password: 'wrong' },
    ),
    own(
      'key of another certificate',
      "the client's private key does not go with its certificate",
      {
        'they do not go together': /not go with|mismatch|not match|belongs to none/i,
        'which certificate': /client-1/,
        'what to do': /give the key/i,
      },
      mutual,
      { certificate: client.certificate, key: spare.pem },
    ),
    own(
      'rubbish as anchors',
      'the file of trusted certificates holds something else',
      {
        'which option or file': /anchors|ca(file)?\b/i,
        'what was expected': /PEM|BEGIN CERTIFICATE/,
        'what was found': /HTML/i,
      },
      mutual,
      { anchors: '<html>rubbish, which is what some portals answer</html>\n' },
    ),
    kit('weak-key', 'the certificate has an RSA key of 1024 bits', {
      'the key is weak': /weak|too (small|short)|insecure/i,
      'how large it is': /1024/,
      'what is demanded': /2048/,
    }),
    own(
      'cut off',
      'the server leaves without close_notify before the data is whole',
      {
        'data is missing':
          /missing|truncated|cut off|unexpected eof|remaining|hang up|aborted|not properly terminated/i,
        'the peer never ended its direction': /close_notify|unexpected eof|properly terminated/i,
      },
      cut,
    ),
  ];
}

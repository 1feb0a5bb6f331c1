/**
 * TLS 1.2 as old devices speak it, and as textbooks have it: the RSA key exchange, in which the client encrypts the
 * secret for the RSA key of the server's certificate; Diffie-Hellman over finite fields; CBC with HMAC; signatures over
 * SHA-1. Nothing of this is in any default list. It has no forward secrecy, or has been broken before by the time it took (RFC 10015, RFC 9325):
 * use it to reach a device that cannot be replaced, and to learn.
 *
 * The values take the place of `client12` and `server12`: a program that names them gets the current suites first, and these
 * behind them.
 * @module
 */
import { ownOf } from './bytes/shape.ts';
import { andThen } from './bytes/promise.ts';
import { aes128Cbc, aes256Cbc } from './crypto/noble/cbc.ts';
import { legacySchemes, schemesOf } from './crypto/schemes.ts';
import type { Aead, CbcCipher, CipherSuite12, CryptoProvider, HashName, Random, Signer } from './crypto/types.ts';
import { protectAead12 } from './engine/protocols12.ts';
import { TlsError } from './errors.ts';
import { makeLegacyClient12 } from './handshake/tls12/key-exchange/legacy-client.ts';
import { legacyExchange12 } from './handshake/tls12/key-exchange/legacy.ts';
import { ssl2Hello } from './handshake/tls12/key-exchange/ssl2-hello.ts';
import type { ClientProtocol, ServerProtocol } from './handshake/config.ts';
import { makeServer12 } from './handshake/tls12/server/server.ts';
import type { RecordProtector } from './keys/protection.ts';
import type { TrafficKeys12 } from './keys/schedule12.ts';
import { Cbc12 } from './record/cbc12.ts';

/**
 * TLS 1.2 as a client, with the suites of old devices behind those of the provider.
 *
 * @example
 * ```ts
 * import { legacyClient12 } from 'warifu/legacy';
 * import { nobleProvider } from 'warifu/crypto/noble';
 * const crypto = nobleProvider();
 * const options = { crypto, protocols: [legacyClient12(crypto)], suites: ['TLS_RSA_WITH_AES_128_GCM_SHA256'] };
 * ```
 */
export function legacyClient12(crypto: CryptoProvider): ClientProtocol {
  return makeLegacyClient12(legacySuites(crypto), protectLegacy12);
}

/** What a server for old devices can be told. */
export interface LegacyServerOptions {
  /**
   * Take a first ClientHello in the form of SSL 2 too (RFC 5246 appendix E.2; RFC 9846 appendix E.5 advises against it).
   * SSL 2 is not spoken for that. Such a hello can offer no extended master secret, no name and no signature scheme: it
   * is refused where `requireExtendedMasterSecret` is set, and a suite that signs needs {@link legacySignatures}. Default: false.
   */
  readonly ssl2Hello?: boolean | undefined;
}

/**
 * TLS 1.2 as a server, with the suites of old devices behind those of the provider.
 * @throws TlsError ERR_OPTION for an option that there is not.
 *
 * @example
 * ```ts
 * import { legacyServer12 } from 'warifu/legacy';
 * import { nobleProvider } from 'warifu/crypto/noble';
 * const crypto = nobleProvider();
 * const options = { crypto, protocols: [legacyServer12(crypto, { ssl2Hello: true })] };
 * ```
 */
export function legacyServer12(crypto: CryptoProvider, options: LegacyServerOptions = {}): ServerProtocol {
  options = ownOf(options);
  for (const key of Object.keys(options))
    if (key !== 'ssl2Hello') throw new TlsError('ERR_OPTION', { detail: `${key}: there is no such option` });
  return makeServer12(legacyExchange12, {
    protect: protectLegacy12,
    suites: legacySuites(crypto),
    ...(options.ssl2Hello === true && { firstHello: ssl2Hello }),
  });
}

/** CBC where the suite has it; AEADs as ever. */
function protectLegacy12(traffic: TrafficKeys12, random: Random): RecordProtector {
  const { suite, keys, encryptThenMac } = traffic;
  return suite.protection === 'cbc' ? new Cbc12(suite, keys, encryptThenMac, random) : protectAead12(traffic);
}

/**
 * The same provider, with the signatures of old devices behind its own: SHA-1 in TLS 1.2 handshakes, which can be forged
 * with effort and which RFC 9155 forbids; and PKCS#1 v1.5 for clients of TLS 1.3 whose hardware makes nothing else
 * (RFC 9963). All of them are then offered and accepted; the option `signatures` narrows it down. A key signs so when
 * its credential was loaded with this provider, and only where the peer takes nothing better. Certificates signed with
 * SHA-1 stay refused: that is for their verifier to say.
 *
 * @example
 * ```ts
 * import { legacySignatures } from 'warifu/legacy';
 * import { nobleProvider } from 'warifu/crypto/noble';
 * const crypto = legacySignatures(nobleProvider());
 * crypto.signatures.map(({ name }) => name).slice(-2); // ['ecdsa_sha1', 'rsa_pkcs1_sha1']
 * ```
 */
export function legacySignatures(crypto: CryptoProvider): CryptoProvider {
  const known = new Set(crypto.signatures.map(({ id }) => id));
  const legacy = legacySchemes().filter(({ id }) => !known.has(id));
  const extend = (signer: Signer): Signer => {
    const { publicKey, decryptRaw, dispose } = signer;
    return {
      publicKey,
      schemes: [...signer.schemes, ...schemesOf(publicKey, legacy)],
      sign: (scheme, message) => signer.sign(scheme, message),
      ...(decryptRaw !== undefined && { decryptRaw: (ciphertext: Uint8Array) => decryptRaw.call(signer, ciphertext) }),
      ...(dispose !== undefined && { dispose: () => dispose.call(signer) }),
    };
  };
  return {
    ...crypto,
    signatures: [...crypto.signatures, ...legacy],
    signer: (key) => {
      const signer = crypto.signer(key);
      return andThen(signer, extend);
    },
  };
}

/**
 * The suites that come with it, forward secrecy first; hashes and AEADs are the provider's.
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { legacySuites } from 'warifu/legacy';
 * const names = legacySuites(nobleProvider()).map(({ name }) => name);
 * names[0]; // 'TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256'
 * names.at(-1); // 'TLS_RSA_WITH_AES_256_CBC_SHA'
 * ```
 */
export function legacySuites(crypto: CryptoProvider): readonly CipherSuite12[] {
  const aeads = new Map(crypto.suites.map(({ aead }) => [aead.name, aead] as const));
  const list: CipherSuite12[] = [];
  const head = (id: number, key: Key, cipher: string, hash: HashName): Head => ({
    version: 0x0303,
    id,
    name: `TLS_${key.replace('RSA_RSA', 'RSA')}_WITH_${cipher}`,
    hash: crypto.hash(hash),
    exchange: key === 'RSA_RSA' ? 'rsa' : key.startsWith('DHE') ? 'dhe' : 'ecdhe',
    authentication: key === 'ECDHE_ECDSA' ? 'ecdsa' : 'rsa',
  });
  const aead = (id: number, key: Key, name: string, cipher: string, hash: HashName): void => {
    const found: Aead | undefined = aeads.get(name);
    if (found === undefined) return;
    const chacha = name === 'ChaCha20-Poly1305';
    const lengths = { fixedIvLength: chacha ? 12 : 4, recordIvLength: chacha ? 0 : 8 } as const;
    list.push({ ...head(id, key, cipher, hash), protection: 'aead', aead: found, ...lengths });
  };
  const cbc = (id: number, key: Key, cipher: CbcCipher, mac: HashName): void => {
    const name = `${cipher.name.replaceAll('-', '_')}_${mac === 'sha1' ? 'SHA' : mac.toUpperCase()}`;
    const prf = mac === 'sha384' ? 'sha384' : 'sha256';
    list.push({ ...head(id, key, name, prf), protection: 'cbc', cipher, mac: crypto.hash(mac) });
  };
  aead(0xccaa, 'DHE_RSA', 'ChaCha20-Poly1305', 'CHACHA20_POLY1305_SHA256', 'sha256');
  aead(0x009e, 'DHE_RSA', 'AES-128-GCM', 'AES_128_GCM_SHA256', 'sha256');
  aead(0x009f, 'DHE_RSA', 'AES-256-GCM', 'AES_256_GCM_SHA384', 'sha384');
  for (const [id, key, cipher, mac] of [
    [0xc023, 'ECDHE_ECDSA', aes128Cbc, 'sha256'],
    [0xc024, 'ECDHE_ECDSA', aes256Cbc, 'sha384'],
    [0xc009, 'ECDHE_ECDSA', aes128Cbc, 'sha1'],
    [0xc00a, 'ECDHE_ECDSA', aes256Cbc, 'sha1'],
    [0xc027, 'ECDHE_RSA', aes128Cbc, 'sha256'],
    [0xc028, 'ECDHE_RSA', aes256Cbc, 'sha384'],
    [0xc013, 'ECDHE_RSA', aes128Cbc, 'sha1'],
    [0xc014, 'ECDHE_RSA', aes256Cbc, 'sha1'],
    [0x0067, 'DHE_RSA', aes128Cbc, 'sha256'],
    [0x006b, 'DHE_RSA', aes256Cbc, 'sha256'],
    [0x0033, 'DHE_RSA', aes128Cbc, 'sha1'],
    [0x0039, 'DHE_RSA', aes256Cbc, 'sha1'],
  ] as const)
    cbc(id, key, cipher, mac);
  aead(0x009c, 'RSA_RSA', 'AES-128-GCM', 'AES_128_GCM_SHA256', 'sha256');
  aead(0x009d, 'RSA_RSA', 'AES-256-GCM', 'AES_256_GCM_SHA384', 'sha384');
  cbc(0x003c, 'RSA_RSA', aes128Cbc, 'sha256');
  cbc(0x003d, 'RSA_RSA', aes256Cbc, 'sha256');
  cbc(0x002f, 'RSA_RSA', aes128Cbc, 'sha1');
  cbc(0x0035, 'RSA_RSA', aes256Cbc, 'sha1');
  return list;
}

type Key = 'ECDHE_ECDSA' | 'ECDHE_RSA' | 'DHE_RSA' | 'RSA_RSA';
type Head = Omit<CipherSuite12, 'protection' | 'aead' | 'cipher' | 'mac' | 'fixedIvLength' | 'recordIvLength'>;

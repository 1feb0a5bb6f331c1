import { createPrivateKey } from 'node:crypto';
import { equalBytes } from '../bytes/bytes.ts';
import { isPromise } from '../bytes/promise.ts';
import { autoProvider } from '../crypto/auto.ts';
import { TlsError } from '../errors.ts';
import type { Credential } from '../handshake/peer.ts';
import { credentialOf } from '../pki/credentials/credential.ts';
import { readCertificates } from '../pki/path/anchors.ts';
import type { Certificate } from '../pki/x509/certificate.ts';
import { checkFile, checkString, coded, option, viewBytes } from './arguments.ts';

type File = string | Uint8Array;
type Loaded = Credential | Promise<Credential>;

/**
 * Certificates and keys, put together as node:tls does it: a list of each, in any order. What is wrong with them is thrown
 * now, but for keys that take a while to be read.
 * @param given a key, `{ pem, passphrase }`, or a list of these.
 * @throws Error with the code that OpenSSL has for it.
 */
export function readCredentials(
  certificates: readonly File[],
  given: unknown,
  passphrase: unknown,
  authorities: readonly File[],
  name: string,
): readonly Loaded[] {
  const list = given ? [given].flat() : [];
  const keys = list.map((one) => readKey(one, Array.isArray(given), passphrase, name));
  for (const certificate of certificates) checkCertificates(certificate);
  if (keys.length === 0 || certificates.length === 0) return [];
  return certificates.flatMap((certificate) => {
    let mismatch: unknown;
    for (const privateKey of keys) {
      try {
        const loaded = credentialOf({ certificates: certificate, privateKey }, autoProvider());
        return [isPromise(loaded) ? loaded : withIssuers(loaded, certificate, authorities)];
      } catch (error) {
        mismatch = error;
      }
    }
    if (mismatch instanceof TlsError && /belongs to none/.test(mismatch.message))
      throw coded(
        new Error('error:05800074:x509 certificate routines::key values mismatch', { cause: mismatch }),
        'ERR_OSSL_X509_KEY_VALUES_MISMATCH',
        { library: 'x509 certificate routines', reason: 'key values mismatch' },
      );
    throw mismatch;
  });
}

/** A PKCS#12 file, or `{ buf, passphrase }`. */
export function readPfx(given: unknown, passphrase: unknown, name: string): Loaded {
  const isPair = typeof given === 'object' && given !== null && 'buf' in given;
  const file = checkFile(isPair ? given.buf : given, name);
  const own = isPair ? (option(given, 'passphrase') ?? passphrase) : passphrase;
  const bytes = typeof file === 'string' ? Buffer.from(file, 'latin1') : file;
  const loaded = credentialOf({ certificates: bytes, password: textOf(own) ?? '', allowLegacy: true }, autoProvider());
  // The connections that need it are told.
  if (isPromise(loaded)) loaded.catch(() => {});
  return loaded;
}

/** Its own certificates are sent, a root among them too, with those of their issuers that are at hand: as OpenSSL does it. */
function withIssuers(credential: Credential, file: File, authorities: readonly File[]): Credential {
  const given = readOrNone(file);
  const known = authorities.flatMap(readOrNone);
  const chain = [...credential.chain];
  for (;;) {
    const [last] = readCertificates(chain.slice(-1), 'cert');
    if (last === undefined || equalBytes(last.subject, last.issuer)) break;
    const isNext = ({ subject }: Certificate): boolean => equalBytes(subject, last.issuer);
    const issuer = given.find(isNext) ?? known.find(isNext);
    if (issuer === undefined) break;
    if (chain.some((one) => equalBytes(one, issuer.der))) break;
    chain.push(issuer.der);
  }
  return chain.length === credential.chain.length ? credential : { ...credential, chain };
}

function readOrNone(file: File): readonly Certificate[] {
  try {
    return readCertificates(file, 'ca');
  } catch {
    return [];
  }
}

function checkCertificates(file: File): void {
  try {
    if (readCertificates(file, 'cert').length > 0) return;
  } catch (cause) {
    throw noStartLine(cause);
  }
  throw noStartLine(undefined);
}

function noStartLine(cause: unknown): Error {
  const told = cause instanceof Error ? `: ${cause.message}` : '';
  return coded(new Error(`PEM routines::no start line${told}`, { cause }), 'ERR_OSSL_PEM_NO_START_LINE', {
    library: 'PEM routines',
    reason: 'no start line',
  });
}

/** The key, decrypted now where there is a password: Node does it at once, and programs count on that. */
function readKey(given: unknown, isListed: boolean, passphrase: unknown, name: string): File {
  const isPair = isListed && typeof given === 'object' && given !== null && 'pem' in given;
  const file = checkFile(isPair ? given.pem : given, name);
  const own = isPair ? (option(given, 'passphrase') ?? passphrase) : passphrase;
  if (own !== undefined && own !== null) checkString(own, name.replace(/key$/, 'passphrase'));
  const text = typeof file === 'string' ? file : Buffer.from(file).toString('latin1');
  if (!/ENCRYPTED/.test(text)) return file;
  if (typeof own !== 'string')
    throw coded(
      new Error('error:1C800064:Provider routines::bad decrypt: there is no passphrase'),
      'ERR_OSSL_BAD_DECRYPT',
      {
        library: 'Provider routines',
        reason: 'bad decrypt',
      },
    );
  const key = createPrivateKey({ key: text, format: 'pem', passphrase: own });
  return key.export({ type: 'pkcs8', format: 'der' });
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return ArrayBuffer.isView(value) ? new TextDecoder().decode(viewBytes(value)) : undefined;
}

import { toHex } from '../../bytes/bytes.ts';
import type { Hash, HashName } from '../../crypto/types.ts';
import { basicConstraints, type Certificate, readCertificate, subjectAltNames } from './certificate.ts';
import { nameText } from './general-name-text.ts';
import { ipText } from './ip.ts';

/** What is written in a certificate, for people and programs. Nothing is said about whether it is true. */
export interface CertificateFacts {
  /** RFC 4514. */
  readonly subject: string;
  /** RFC 4514. */
  readonly issuer: string;
  /** Hexadecimal, as `openssl x509 -serial` writes it. */
  readonly serial: string;
  /** Of the whole certificate: hexadecimal, upper case, with colons. */
  readonly sha256: string;
  readonly names: {
    readonly dns: readonly string[];
    /** RFC 5952. */
    readonly addresses: readonly string[];
    readonly emails: readonly string[];
    readonly uris: readonly string[];
    /** RFC 4514. */
    readonly directory: readonly string[];
  };
  readonly notBefore: Date;
  /** Inclusive. */
  readonly notAfter: Date;
  /** Whole days until it expires; negative when it has. */
  readonly daysLeft: number;
  /** "P-256", "RSA 2048", "RSA-PSS 2048", "Ed25519", "ML-DSA-65"; undefined: of a kind that is not known here. */
  readonly key: string | undefined;
  /** It says that it may issue certificates. */
  readonly isAuthority: boolean;
}

/**
 * @param certificate DER, or one that was read.
 * @param options.hash `provider.hash`.
 * @param options.now milliseconds since 1970. Default: the clock.
 * @throws DerError when it is malformed.
 */
export function factsOf(
  certificate: Uint8Array | Certificate,
  { hash, now = Date.now() }: { readonly hash: (name: HashName) => Hash; readonly now?: number },
): CertificateFacts {
  const read = certificate instanceof Uint8Array ? readCertificate(certificate) : certificate;
  const names = subjectAltNames(read) ?? [];
  const texts = (kind: 'dns' | 'email' | 'uri'): string[] =>
    names.flatMap((name) => (name.kind === kind ? [name.text] : []));
  const digest = toHex(hash('sha256').digest(read.der)).toUpperCase();
  return {
    subject: nameText(read.subject),
    issuer: nameText(read.issuer),
    serial: serialHex(read.serial),
    sha256: digest.match(/../g)!.join(':'),
    names: {
      dns: texts('dns'),
      addresses: names.flatMap((name) => (name.kind === 'ip' ? [ipText(name.bytes)] : [])),
      emails: texts('email'),
      uris: texts('uri'),
      directory: names.flatMap((name) => (name.kind === 'directory' ? [nameText(name.name)] : [])),
    },
    notBefore: new Date(read.notBefore),
    notAfter: new Date(read.notAfter),
    daysLeft: Math.floor((read.notAfter - now) / 86_400_000),
    key: keyKind(read),
    isAuthority: basicConstraints(read)?.ca === true,
  };
}

/** Without the sign byte, and with a minus where it is negative. */
function serialHex(serial: Uint8Array): string {
  const text = toHex(serial).toUpperCase();
  if (serial[0]! < 0x80) return text.length > 2 && text.startsWith('00') ? text.slice(2) : text;
  const value = BigInt.asIntN(8 * serial.length, BigInt(`0x${text}`));
  return `-${(-value).toString(16).toUpperCase()}`;
}

function keyKind({ publicKey }: Certificate): string | undefined {
  if (publicKey === undefined) return undefined;
  switch (publicKey.kind) {
    case 'ec':
      return publicKey.curve;
    case 'rsa': {
      const bits = publicKey.modulus.length * 8 - Math.clz32(publicKey.modulus[0] ?? 0) + 24;
      return `${publicKey.pss === undefined ? 'RSA' : 'RSA-PSS'} ${bits}`;
    }
    case 'ed25519':
      return 'Ed25519';
    case 'ed448':
      return 'Ed448';
    default:
      return publicKey.kind.toUpperCase();
  }
}

import { ownOf } from '../../bytes/shape.ts';
import { equalBytes, fromHex, toHex } from '../../bytes/bytes.ts';
import type { CryptoProvider, Hash, MaybePromise } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { PeerVerifier, PresentedPeer, Verdict } from '../../handshake/peer.ts';
import { readParts } from '../x509/file-parts.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { explicit, wishesOf } from './compose.ts';
import { shortNameText } from '../x509/general-name-text.ts';
import { detailsOf } from '../path/details.ts';
import { runSteps, type Steps, wait } from '../x509/steps.ts';
import { failureOf, type Finding, isFinding, orMalformed } from '../x509/verdict.ts';

/** What a verifier of pins is told. */
export interface PinOptions {
  /** Its SHA-256 makes the digests. */
  readonly crypto: Pick<CryptoProvider, 'hash'>;
  /**
   * SHA-256 digests of SubjectPublicKeyInfo: 32 bytes, 64 hexadecimal digits with or without colons, or `sha256/` and
   * base64, as in HTTP and curl. Give at least one more than you need: the key that will follow.
   */
  readonly keys?: readonly (string | Uint8Array)[] | undefined;
  /** SHA-256 digests of whole certificates, in the same forms. */
  readonly certificates?: readonly (string | Uint8Array)[] | undefined;
  /**
   * Asked first. Then a pin may be that of any certificate of the path it found, an authority's for instance. Without
   * one, the leaf itself has to be pinned: its dates, names and issuers are not looked at.
   */
  readonly verifier?: PeerVerifier | undefined;
}

/**
 * Takes only keys, or certificates, whose digests are known beforehand.
 * @throws TlsError ERR_OPTION for a pin that cannot be read, or when there is none.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { pinnedVerifier } from 'warifu/pki';
 * const keys = ['sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='];
 * const verifier = pinnedVerifier({ crypto: nobleProvider(), keys });
 * ```
 */
export function pinnedVerifier(options: PinOptions): PeerVerifier {
  options = ownOf(options);
  const hash = options.crypto.hash('sha256');
  const pins: Pins = {
    keys: new Set((options.keys ?? []).map((pin) => readPin(pin, 'keys'))),
    certificates: new Set((options.certificates ?? []).map((pin) => readPin(pin, 'certificates'))),
  };
  if (pins.keys.size + pins.certificates.size === 0)
    throw new TlsError('ERR_OPTION', { detail: 'keys: there is no pin' });
  const { verifier } = options;
  const own = `pins ${[...pins.keys, ...pins.certificates].sort().join(' ')}`;
  return {
    ...wishesOf(verifier === undefined ? [] : [verifier]),
    get policy() {
      if (verifier === undefined) return own;
      return verifier.policy === undefined ? undefined : JSON.stringify([own, verifier.policy]);
    },
    verify: (peer) => runSteps(judge(peer, pins, hash, verifier && (() => verifier.verify(peer)))),
    recheck: (peer, before) =>
      runSteps(judge(peer, pins, hash, verifier && (() => verifier.recheck?.(peer, before) ?? verifier.verify(peer)))),
  };
}

interface Pins {
  /** Hexadecimal. */
  readonly keys: ReadonlySet<string>;
  readonly certificates: ReadonlySet<string>;
}

/**
 * A verifier that takes exactly these public keys, given whole: SubjectPublicKeyInfo as PEM ("PUBLIC KEY") or DER.
 * @example
 * ```ts
 * import { allowedKeys } from 'warifu/pki';
 * import { createAuthority } from 'warifu/pki/issue';
 * const { certificate } = await createAuthority({ subject: 'Example' });
 * const verifier = allowedKeys([certificate.spki]);
 * verifier.authorities?.length; // 0: any certificate with this key will do
 * ```
 */
export function allowedKeys(keys: readonly (string | Uint8Array)[]): PeerVerifier {
  const known = keys.flatMap((key) => (typeof key === 'string' ? keysOfPem(key) : [key.slice()]));
  if (known.length === 0) throw new TlsError('ERR_OPTION', { detail: 'allowedKeys: there is no key' });
  return {
    policy: `keys ${known.map(toHex).sort().join(' ')}`,
    authorities: [],
    verify: (peer) => {
      const leaf = leafOf(peer);
      if (isFinding(leaf)) return no(leaf, undefined);
      if (known.some((key) => equalBytes(key, leaf.spki)))
        return {
          ok: true,
          publicKey: leaf.spki,
          path: [leaf.der],
          checks: ['its key is one of those that are allowed'],
          details: detailsOf([leaf], { verified: false }),
        };
      return no(
        {
          code: 'CERT_PIN_MISMATCH',
          what: 'its key is not one of those that are allowed',
          expected: `one of ${known.length}`,
          found: `the key of ${shortNameText(leaf.subject)}`,
        },
        leaf,
      );
    },
  };
}

function* judge(
  peer: PresentedPeer,
  pins: Pins,
  hash: Hash,
  inner: (() => MaybePromise<Verdict>) | undefined,
): Steps<Verdict> {
  const leaf = leafOf(peer);
  if (isFinding(leaf)) return no(leaf, undefined);
  // By itself a pin of the whole certificate vouches for its names; one of the key does not.
  const verified = pins.certificates.has(toHex(hash.digest(leaf.der)));
  const verdict: Verdict =
    inner === undefined
      ? { ok: true, publicKey: leaf.spki, path: [leaf.der], details: detailsOf([leaf], { verified }) }
      : explicit(yield* wait(inner()));
  if (!verdict.ok) return verdict;
  for (const [index, der] of verdict.path.entries()) {
    const certificate = orMalformed(() => readCertificate(der), 'RFC 5280 section 4.1');
    if (isFinding(certificate)) return no(certificate, undefined);
    const pinned =
      pins.keys.has(toHex(hash.digest(certificate.spki))) || pins.certificates.has(toHex(hash.digest(certificate.der)));
    if (!pinned) continue;
    const whose = index === 0 ? 'its own key' : `the key of ${shortNameText(certificate.subject)} above it`;
    return { ...verdict, checks: [...(verdict.checks ?? []), `pinned: ${whose} is the one that was expected`] };
  }
  return no(
    {
      code: 'CERT_PIN_MISMATCH',
      what: verdict.path.length > 1 ? 'no certificate of its path is pinned' : 'it is not pinned',
      expected: `one of ${pins.keys.size + pins.certificates.size} pins`,
      found: `sha256/${base64(hash.digest(leaf.spki))}`,
      advice: 'if the peer has a new key that you know to be its own, add this pin',
    },
    leaf,
  );
}

/** @throws TlsError ERR_OPTION for anything but 32 bytes in a form that is known. */
function readPin(pin: string | Uint8Array, option: string): string {
  const bad = (): TlsError =>
    new TlsError('ERR_OPTION', {
      detail: `${option}: a pin is 32 bytes, 64 hexadecimal digits, or sha256/ and base64`,
    });
  if (typeof pin !== 'string') {
    if (!(pin instanceof Uint8Array) || pin.length !== 32) throw bad();
    return toHex(pin);
  }
  const text = pin.trim();
  if (/^sha256\//.test(text)) {
    const body = text.slice(7);
    if (!/^[A-Za-z0-9+/]{43}=$/.test(body)) throw bad();
    return toHex(Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0)));
  }
  const digits = text.replaceAll(':', '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(digits)) throw bad();
  return toHex(fromHex(digits));
}

function keysOfPem(text: string): readonly Uint8Array[] {
  return readParts(text, { what: 'allowedKeys', kinds: ['public-key'], strict: true }).map(({ der }) => der);
}

export function leafOf(peer: PresentedPeer): Certificate | Finding {
  const [der] = peer.chain;
  if (der === undefined) return { code: 'CERT_MALFORMED', what: 'there is no certificate' };
  return orMalformed(() => readCertificate(der), 'RFC 5280 section 4.1');
}

export function no(finding: Finding, leaf: Certificate | undefined): Verdict {
  return { ok: false, failure: failureOf(finding, leaf, 0), ...(leaf !== undefined && { publicKey: leaf.spki }) };
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

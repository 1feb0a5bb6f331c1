import { andThen } from '../bytes/promise.ts';
import { wipe } from '../bytes/bytes.ts';
import type { CryptoProvider, MaybePromise } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import { expandLabel, hkdfExtract } from '../keys/expand.ts';
import { type Codec, decode, encode, opaque, struct, u16 } from '../wire/codec.ts';
import { TLS_1_3 } from '../wire/ids.ts';
import { concealPsk, type ExternalPsk, type PskResolver } from '../handshake/session.ts';

/** A key as people give it to both sides, before it is made ready for a protocol and a hash (RFC 9258). */
export interface ImportablePsk {
  /** external_identity: 1 to 65,535 bytes. */
  readonly identity: Uint8Array;
  /** At least 16 bytes of real randomness. */
  readonly secret: Uint8Array;
  /** What else both sides know, and have to agree on: 0 to 65,535 bytes. Default: empty. */
  readonly context?: Uint8Array;
  /** The hash that the key belongs to. Default: sha256, as the RFC says where nothing else is said. */
  readonly hash?: 'sha256' | 'sha384';
}

/** ImportedIdentity (RFC 9258 section 5.1). */
interface ImportedIdentity {
  readonly externalIdentity: Uint8Array;
  readonly context: Uint8Array;
  readonly targetProtocol: number;
  readonly targetKdf: number;
}

const ImportedIdentity: Codec<ImportedIdentity> = /* @__PURE__ */ struct<ImportedIdentity>('ImportedIdentity', {
  externalIdentity: /* @__PURE__ */ opaque(2, 1, 0xffff),
  context: /* @__PURE__ */ opaque(2, 0, 0xffff),
  targetProtocol: u16,
  targetKdf: u16,
});

const HKDF_SHA256 = 1;
const HKDF_SHA384 = 2;

/**
 * Makes one key for each hash out of a key that both sides were given (RFC 9258 section 5): so it is never used with two
 * hashes, nor under an identity that means something else. For a client's `psks`; a server takes {@link importedPsks}.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { importPsk } from 'warifu/resumption';
 * const identity = new TextEncoder().encode('device 7');
 * const psks = importPsk({ identity, secret: crypto.getRandomValues(new Uint8Array(32)) }, nobleProvider());
 * psks.map(({ hash }) => hash); // ['sha256', 'sha384']
 * ```
 */
export function importPsk(psk: ImportablePsk, crypto: CryptoProvider): ExternalPsk[] {
  return [derive(psk, HKDF_SHA256, crypto), derive(psk, HKDF_SHA384, crypto)];
}

/**
 * A server's `psks`: understands imported identities, and asks for the key by its external identity. `find` answers with
 * the key whose `context` is the one the client used, or undefined.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { importedPsks, importPsk } from 'warifu/resumption';
 * const psk = { identity: new TextEncoder().encode('device 7'), secret: crypto.getRandomValues(new Uint8Array(32)) };
 * const [offered] = importPsk(psk, nobleProvider()); // what a client uses
 * const find = importedPsks(() => psk, nobleProvider());
 * const found = await find(offered?.identity ?? new Uint8Array(0));
 * found?.hash; // 'sha256'
 * await find(psk.identity); // undefined: this one was not imported
 * ```
 */
export function importedPsks(
  find: (identity: Uint8Array, context: Uint8Array) => MaybePromise<ImportablePsk | undefined>,
  crypto: CryptoProvider,
): PskResolver {
  return (bytes) => {
    const imported = readIdentity(bytes);
    if (imported === undefined) return undefined;
    const { externalIdentity, context, targetKdf } = imported;
    const make = (psk: ImportablePsk | undefined): ExternalPsk | undefined => {
      if (psk === undefined) return undefined;
      const { secret, hash } = psk;
      return derive({ identity: externalIdentity, secret, context, ...(hash && { hash }) }, targetKdf, crypto);
    };
    const found = find(externalIdentity, context);
    return andThen(found, make);
  };
}

function readIdentity(bytes: Uint8Array): ImportedIdentity | undefined {
  try {
    const identity = decode(ImportedIdentity, bytes);
    const known = identity.targetKdf === HKDF_SHA256 || identity.targetKdf === HKDF_SHA384;
    return known && identity.targetProtocol === TLS_1_3 ? identity : undefined;
  } catch (error) {
    if (error instanceof TlsError) return undefined;
    throw error;
  }
}

function derive(psk: ImportablePsk, targetKdf: number, crypto: CryptoProvider): ExternalPsk {
  if (psk.secret.length < 16) throw new TlsError('ERR_OPTION', { detail: 'psks: a key has at least 16 bytes' });
  const identity = encode(ImportedIdentity, {
    externalIdentity: psk.identity,
    context: psk.context ?? new Uint8Array(0),
    targetProtocol: TLS_1_3,
    targetKdf,
  });
  // RFC 9258 section 5.2: the hash of the given key makes the new one; its length is that of the target.
  const hash = crypto.hash(psk.hash ?? 'sha256');
  const extracted = hkdfExtract(hash, new Uint8Array(hash.size), psk.secret);
  const length = targetKdf === HKDF_SHA384 ? 48 : 32;
  const secret = expandLabel(hash, extracted, 'derived psk', hash.digest(identity), length);
  wipe(extracted);
  return concealPsk({ identity, secret, hash: targetKdf === HKDF_SHA384 ? 'sha384' : 'sha256', imported: true });
}

import { equalBytes, toAscii } from '../../src/bytes/bytes.ts';
import { sha256, sha384 } from '../../src/crypto/noble/hash.ts';
import type {
  Aead,
  CipherSuite,
  CryptoProvider,
  Hash,
  KeyExchange,
  KeyOffer,
  MaybePromise,
} from '../../src/crypto/types.ts';
import { deriveSecret, hkdfExtract } from '../../src/keys/expand.ts';

/**
 * Looks at a provider from outside and remembers every array that was used as a key or came out of a key exchange, every
 * key of a cipher and every private share, so that a test can ask which of them still live. What it remembers are the
 * arrays themselves: one that was wiped is all zeros.
 */
export interface SecretsWatch {
  readonly provider: CryptoProvider;
  /** What has not been overwritten or disposed of, each with what it was used for, sorted. */
  alive(): string[];
  /** How many were seen at all. */
  readonly seen: number;
}

interface Seen {
  readonly uses: Set<string>;
  isAlive(): boolean;
}

export function watchSecrets(provider: CryptoProvider): SecretsWatch {
  const arrays = new Map<Uint8Array, Seen>();
  const handles: Seen[] = [];

  /** An array that is all zeros when it is first used is no secret: the salt and the missing PSK of HKDF. */
  const see = (bytes: Uint8Array, use: string | undefined): void => {
    const isAlive = (): boolean => bytes.some((byte) => byte !== 0);
    if (!arrays.has(bytes) && isAlive() && !isPublic(bytes)) arrays.set(bytes, { uses: new Set(), isAlive });
    if (use !== undefined) arrays.get(bytes)?.uses.add(use);
  };
  const shared = (secret: Uint8Array): Uint8Array => {
    see(secret, 'shared secret');
    return secret;
  };
  /** Something with a `dispose`; what it was made from may be wiped as soon as it is there. */
  const handle = <T extends { dispose(): void }>(made: T, use: string): T => {
    let alive = true;
    handles.push({ uses: new Set([use]), isAlive: () => alive });
    return {
      ...made,
      dispose: () => {
        alive = false;
        made.dispose();
      },
    };
  };

  const hash = (real: Hash): Hash => ({
    ...real,
    start: () => real.start(),
    digest: (...parts) => real.digest(...parts),
    hmac: (key, ...parts) => {
      see(key, labelIn(parts));
      return real.hmac(key, ...parts);
    },
  });
  const aead = (real: Aead): Aead => ({
    ...real,
    key: (bytes) => {
      see(bytes, 'key of a cipher');
      const key = real.key(bytes);
      const { sealInto } = key;
      return handle(
        {
          seal: (...parts) => key.seal(...parts),
          open: (...parts) => key.open(...parts),
          dispose: () => key.dispose(),
          ...(sealInto !== undefined && { sealInto: (...parts) => key.sealInto!(...parts) }),
        },
        'cipher',
      );
    },
  });
  const offer = (real: KeyOffer): KeyOffer =>
    handle(
      {
        group: real.group,
        share: real.share,
        agree: (share) => then(real.agree(share), shared),
        dispose: () => real.dispose(),
        ...(real.part !== undefined && { part: offer(real.part) }),
      },
      'private share',
    );
  const group = (real: KeyExchange): KeyExchange => ({
    ...real,
    offer: (random) => then(real.offer(random), offer),
    accept: (share, random) =>
      then(real.accept(share, random), (accepted) => ({ share: accepted.share, secret: shared(accepted.secret) })),
  });

  return {
    provider: {
      ...provider,
      suites: provider.suites.map(
        (suite): CipherSuite => ({ ...suite, hash: hash(suite.hash), aead: aead(suite.aead) }),
      ),
      groups: provider.groups.map(group),
      hash: (name) => hash(provider.hash(name)),
    },
    alive: () =>
      [...arrays.values(), ...handles]
        .filter((seen) => seen.isAlive())
        .map(({ uses }) => [...uses].sort().join(', ') || 'a key without a label')
        .sort(),
    get seen() {
      return arrays.size + handles.length;
    },
  };
}

/** What follows from having no PSK (RFC 9846 section 7.1) is the same for everybody, and no secret. */
const PUBLIC = [sha256, sha384].map((hash) => {
  const nothing = new Uint8Array(hash.size);
  return deriveSecret(hash, hkdfExtract(hash, nothing, nothing), 'derived', hash.digest());
});

const isPublic = (bytes: Uint8Array): boolean => PUBLIC.some((known) => equalBytes(known, bytes));

/** What HKDF-Expand-Label or the PRF of TLS 1.2 was asked for. */
function labelIn(parts: readonly Uint8Array[]): string | undefined {
  for (const part of parts) {
    const expanded = /tls13 ([a-zA-Z -]+)/.exec(lax(part))?.[1];
    if (expanded !== undefined) return expanded.trim();
    const fromPrf = /^(client finished|server finished|key expansion|(extended )?master secret)/.exec(lax(part))?.[0];
    if (fromPrf !== undefined) return fromPrf;
  }
  return undefined;
}

const lax = (bytes: Uint8Array): string => toAscii(bytes.map((byte) => (byte > 127 ? 0 : byte))) ?? '';

function then<T, U>(value: MaybePromise<T>, next: (value: T) => U): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

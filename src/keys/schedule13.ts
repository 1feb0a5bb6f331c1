import { fromHex, wipe, type OwnBytes } from '../bytes/bytes.ts';
import type { Hash, HashName } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import { deriveSecret, expandLabel, hkdfExtract } from './expand.ts';

/**
 * The key schedule of RFC 9846 section 7.1, one class a stage. Moving on spends the stage: it is wiped, and using it
 * again throws. So no step can use a secret that its place in the handshake does not have.
 */

export type Side = 'client' | 'server';

/** The first stage; `psk` is the resumption or external key, if one is used. */
export function startSchedule(hash: Hash, psk?: Uint8Array): EarlySecrets {
  return new EarlySecrets(hash, psk);
}

/** Derive-Secret(Early Secret, "derived", "") where there is no PSK: the same in every connection, and no secret. */
const WITHOUT_PSK: { readonly [H in HashName]?: Uint8Array } = {
  sha256: /* @__PURE__ */ fromHex('6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba'),
  sha384: /* @__PURE__ */ fromHex(
    '1591dac5cbbf0330a4a84de9c753330e92d01f0a88214b4464972fd668049e93e52f2b16fad922fdc0584478428f282b',
  ),
};

export class EarlySecrets {
  readonly hash: Hash;
  #secret: Uint8Array | undefined;
  /** No PSK, and what follows was not asked for from its absence: mostly it is only the salt of the next stage. */
  #isBare: boolean;

  constructor(hash: Hash, psk: Uint8Array | undefined) {
    this.hash = hash;
    this.#isBare = psk === undefined && WITHOUT_PSK[hash.name] !== undefined;
    if (!this.#isBare) this.#secret = hkdfExtract(hash, new Uint8Array(hash.size), psk ?? new Uint8Array(hash.size));
  }

  /** A PSK binder over the digest of the cut ClientHello (RFC 9846 section 4.3.11.2). */
  binder(kind: 'resumption' | 'external' | 'imported', digest: Uint8Array): Uint8Array {
    const label = { resumption: 'res binder', external: 'ext binder', imported: 'imp binder' }[kind];
    const key = deriveSecret(this.hash, live(this.#secret), label, this.hash.digest());
    const binder = finishedMac(this.hash, key, digest);
    wipe(key);
    return binder;
  }

  clientEarlyTraffic(helloDigest: Uint8Array): Uint8Array {
    return deriveSecret(this.hash, live(this.#secret), 'c e traffic', helloDigest);
  }

  earlyExporter(helloDigest: Uint8Array): Uint8Array {
    return deriveSecret(this.hash, live(this.#secret), 'e exp master', helloDigest);
  }

  /** `sharedSecret` is undefined for a PSK alone; the digest is over ClientHello to ServerHello. */
  intoHandshake(sharedSecret: Uint8Array | undefined, helloDigest: Uint8Array): HandshakeSecrets {
    const input = sharedSecret ?? new Uint8Array(this.hash.size);
    const salt = this.#isBare ? WITHOUT_PSK[this.hash.name] : undefined;
    const next =
      salt === undefined ? extractNext(this.hash, live(this.#secret), input) : hkdfExtract(this.hash, salt, input);
    this.dispose();
    return new HandshakeSecrets(this.hash, next, helloDigest);
  }

  dispose(): void {
    wipe(this.#secret);
    this.#secret = undefined;
    this.#isBare = false;
  }
}

export class HandshakeSecrets {
  readonly hash: Hash;
  /** client_handshake_traffic_secret */
  readonly clientTraffic: Uint8Array;
  /** server_handshake_traffic_secret */
  readonly serverTraffic: Uint8Array;
  #secret: Uint8Array | undefined;

  constructor(hash: Hash, secret: Uint8Array, helloDigest: Uint8Array) {
    this.hash = hash;
    this.#secret = secret;
    this.clientTraffic = deriveSecret(hash, secret, 'c hs traffic', helloDigest);
    this.serverTraffic = deriveSecret(hash, secret, 's hs traffic', helloDigest);
  }

  /** verify_data of a side's Finished (RFC 9846 section 4.5.3). Works until the stage is disposed of. */
  finished(side: Side, digest: Uint8Array): Uint8Array {
    return finishedMac(this.hash, side === 'client' ? this.clientTraffic : this.serverTraffic, digest);
  }

  /**
   * The digest is over ClientHello to the server's Finished. The handshake secret is spent; the traffic secrets stay
   * for the client's Finished, until {@link dispose}.
   */
  intoMain(serverFinishedDigest: Uint8Array): MainSecrets {
    const next = extractNext(this.hash, live(this.#secret), new Uint8Array(this.hash.size));
    wipe(this.#secret);
    this.#secret = undefined;
    return new MainSecrets(this.hash, next, serverFinishedDigest);
  }

  dispose(): void {
    wipe(this.#secret, this.clientTraffic, this.serverTraffic);
    this.#secret = undefined;
  }
}

export class MainSecrets {
  readonly hash: Hash;
  readonly exporterSecret: Uint8Array;
  readonly #traffic: { client: Uint8Array; server: Uint8Array };
  #main: Uint8Array | undefined;
  #resumption: Uint8Array | undefined;

  constructor(hash: Hash, main: Uint8Array, serverFinishedDigest: Uint8Array) {
    this.hash = hash;
    this.#main = main;
    this.#traffic = {
      client: deriveSecret(hash, main, 'c ap traffic', serverFinishedDigest),
      server: deriveSecret(hash, main, 's ap traffic', serverFinishedDigest),
    };
    this.exporterSecret = deriveSecret(hash, main, 'exp master', serverFinishedDigest);
  }

  /** The client's secret of this generation. */
  get clientTraffic(): Uint8Array {
    return this.#traffic.client;
  }

  /** The server's secret of this generation. */
  get serverTraffic(): Uint8Array {
    return this.#traffic.server;
  }

  /** Moves a side to its next generation, which is returned (RFC 9846 section 7.2). */
  update(side: Side): Uint8Array {
    const next = expandLabel(this.hash, this.#traffic[side], 'traffic upd', new Uint8Array(0), this.hash.size);
    wipe(this.#traffic[side]);
    this.#traffic[side] = next;
    return next;
  }

  /** verify_data after the handshake, under the traffic secret of this generation (RFC 9846 section 4.5). */
  finished(side: Side, digest: Uint8Array): Uint8Array {
    return finishedMac(this.hash, this.#traffic[side], digest);
  }

  /** The digest is over ClientHello to the client's Finished. Spends the main secret. */
  deriveResumption(clientFinishedDigest: Uint8Array): void {
    this.#resumption = deriveSecret(this.hash, live(this.#main), 'res master', clientFinishedDigest);
    wipe(this.#main);
    this.#main = undefined;
  }

  /** The PSK that goes with a ticket (RFC 9846 section 4.7.1). */
  ticketSecret(nonce: Uint8Array): Uint8Array {
    return expandLabel(this.hash, live(this.#resumption), 'resumption', nonce, this.hash.size);
  }

  /**
   * RFC 9846 section 7.5. No context and an empty one give the same (unlike TLS 1.2).
   * @throws TlsError ERR_LIMIT for a label that is not 1 to 249 ASCII characters, or more than 255 digests.
   */
  exportKey(label: string, context: Uint8Array | undefined, length: number): OwnBytes {
    return exportFrom(this.hash, this.exporterSecret, label, context, length);
  }

  dispose(): void {
    wipe(this.#main, this.#resumption, this.exporterSecret, this.#traffic.client, this.#traffic.server);
    this.#main = undefined;
    this.#resumption = undefined;
  }
}

/** TLS-Exporter over any exporter secret, the early one too. */
export function exportFrom(
  hash: Hash,
  exporterSecret: Uint8Array,
  label: string,
  context: Uint8Array | undefined,
  length: number,
): OwnBytes {
  if (!/^[\x20-\x7e]{1,249}$/.test(label))
    throw new TlsError('ERR_LIMIT', { detail: 'a label has 1 to 249 ASCII characters' });
  if (!Number.isInteger(length) || length < 1 || length > 255 * hash.size) {
    throw new TlsError('ERR_LIMIT', { detail: `the length has to be 1 to ${255 * hash.size} bytes` });
  }
  const secret = deriveSecret(hash, exporterSecret, label, hash.digest());
  const out = expandLabel(hash, secret, 'exporter', hash.digest(context ?? new Uint8Array(0)), length);
  wipe(secret);
  return out;
}

/** RFC 9846 section 7.3. */
export function trafficKeys(
  hash: Hash,
  keyLength: number,
  secret: Uint8Array,
): { readonly key: Uint8Array; readonly iv: Uint8Array } {
  const none = new Uint8Array(0);
  return { key: expandLabel(hash, secret, 'key', none, keyLength), iv: expandLabel(hash, secret, 'iv', none, 12) };
}

function finishedMac(hash: Hash, baseKey: Uint8Array, digest: Uint8Array): Uint8Array {
  const key = expandLabel(hash, baseKey, 'finished', new Uint8Array(0), hash.size);
  const mac = hash.hmac(key, digest);
  wipe(key);
  return mac;
}

function extractNext(hash: Hash, secret: Uint8Array, input: Uint8Array): Uint8Array {
  const salt = deriveSecret(hash, secret, 'derived', hash.digest());
  const next = hkdfExtract(hash, salt, input);
  wipe(salt);
  return next;
}

function live(secret: Uint8Array | undefined): Uint8Array {
  if (secret === undefined)
    throw new TlsError('ERR_INTERNAL', { detail: 'a stage of the key schedule was used after it was spent' });
  return secret;
}

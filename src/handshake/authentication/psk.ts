import { equalConstantTime } from '../../bytes/bytes.ts';
import type { Hash, HashName } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { EarlySecrets } from '../../keys/schedule13.ts';
import type { CommonConfig } from '../config.ts';
import type { PeerInfo } from '../context.ts';
import type { SessionPeer } from '../session.ts';
import { checkFinished13 } from '../tls13/finished.ts';

/** PskKeyExchangeMode (RFC 9846 section 4.3.9). */
export const PSK_KE = 0;
export const PSK_DHE_KE = 1;

export type PskKind = 'resumption' | 'external' | 'imported';

/** What a PSK stands for, whichever side holds it. */
export interface PskMeaning {
  readonly kind: PskKind;
  readonly identity: Uint8Array;
  /** Whom the session began with; undefined: an external key, or a client without a certificate. */
  readonly peer: SessionPeer | undefined;
  /** When that peer was last proved to be there, in milliseconds since 1970. */
  readonly since: number;
  /** Client: we showed a certificate then. */
  readonly authenticated: boolean;
}

/**
 * A PSK that was chosen: by a server whose binder fits, or by a client's server from among its offers. It stands in place
 * of a certificate while the handshake lasts; what proves the peer is Finished.
 */
export class SelectedPsk {
  readonly meaning: PskMeaning;
  // A private field makes the type nominal: an object of the same shape was not chosen.
  readonly #chosen: true = true;

  private constructor(meaning: PskMeaning) {
    this.meaning = meaning;
  }

  get chosen(): true {
    return this.#chosen;
  }

  /** @throws TlsError ERR_BAD_BINDER (RFC 9846 section 4.3.11.2). */
  static byBinder(
    meaning: PskMeaning,
    secrets: EarlySecrets,
    binder: Uint8Array | undefined,
    cutDigest: Uint8Array,
  ): SelectedPsk {
    if (binder === undefined || !equalConstantTime(binder, secrets.binder(meaning.kind, cutDigest)))
      throw new TlsError('ERR_BAD_BINDER');
    return new SelectedPsk(meaning);
  }

  /** The same key; the peer behind it was judged once more. */
  judgedAnew(verdict: SessionPeer['verdict']): SelectedPsk {
    const { peer } = this.meaning;
    return new SelectedPsk({ ...this.meaning, peer: peer && { ...peer, verdict } });
  }

  /** The server's choice among our offers. @throws TlsError ERR_SELECTED_PSK (RFC 9846 section 4.3.11). */
  static byChoice<O extends { readonly meaning: PskMeaning; readonly hash: Hash }>(
    offers: readonly O[],
    index: number,
    suiteHash: Hash,
  ): { readonly psk: SelectedPsk; readonly offer: O } {
    const offer = offers[index];
    if (offer === undefined)
      throw new TlsError('ERR_SELECTED_PSK', { detail: `number ${index} of ${offers.length} offered` });
    if (offer.hash.name !== suiteHash.name) {
      throw new TlsError('ERR_SELECTED_PSK', {
        detail: `it is for ${offer.hash.name}, the suite is of ${suiteHash.name}`,
      });
    }
    return { psk: new SelectedPsk(offer.meaning), offer };
  }
}

/** Proof that the peer holds the selected PSK, in place of a proof by certificate. Only its Finished makes one. */
export class AcceptedPsk {
  readonly meaning: PskMeaning;
  // A private field makes the type nominal: an object of the same shape is not a proof.
  readonly #proof: true = true;

  private constructor(meaning: PskMeaning) {
    this.meaning = meaning;
  }

  get proven(): true {
    return this.#proof;
  }

  /** What is known of the peer from when the session began. */
  get info(): PeerInfo | undefined {
    return peerInfoOf(this.meaning.peer);
  }

  /**
   * Checks the peer's Finished; a selected PSK is accepted by it, any other proof stays what it is.
   * @throws TlsError ERR_DECODE, ERR_TRAILING_BYTES, ERR_BAD_FINISHED (RFC 9846 section 4.5.3).
   */
  static byFinished<P>(peer: P | SelectedPsk, verifyData: Uint8Array, expected: Uint8Array): P | AcceptedPsk {
    checkFinished13(verifyData, expected);
    return peer instanceof SelectedPsk ? new AcceptedPsk(peer.meaning) : peer;
  }
}

export function peerInfoOf(peer: SessionPeer | undefined): PeerInfo | undefined {
  if (peer === undefined) return undefined;
  const { presented, verdict } = peer;
  return {
    chain: presented.chain,
    verdict,
    identities: verdict.details?.identities,
    ocspResponse: presented.ocspResponses[0],
    sctList: presented.sctLists[0],
  };
}

/** The way back; undefined for a peer that was not trusted: a session could be with anyone. */
export function sessionPeerOf({ chain, verdict, ocspResponse, sctList }: PeerInfo): SessionPeer | undefined {
  if (!verdict.ok) return undefined;
  const ofLeaf = <T>(value: T): (T | undefined)[] => chain.map((_, index) => (index === 0 ? value : undefined));
  return { presented: { chain, ocspResponses: ofLeaf(ocspResponse), sctLists: ofLeaf(sctList) }, verdict };
}

/** The hash by this name, if one of our suites has it. */
export function hashOf(name: HashName, config: CommonConfig): Hash | undefined {
  return config.suites13.find(({ hash }) => hash.name === name)?.hash;
}

/** How many bytes the list of binders takes at the end of a ClientHello. */
export function bindersLength(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + 1 + size, 2);
}

import type { PeerVerifier, PresentedPeer, Verdict } from '../../handshake/peer.ts';

/** How the server is judged, and what was found. */
export interface JudgeOptions {
  readonly verifier: PeerVerifier;
  /** Whose certificate it has to be; undefined: the name that is asked for. */
  readonly name: string | undefined;
  /** Finish the handshake with a server that is refused, to see what else it says. Nothing is sent to it then. */
  readonly diagnose: boolean;
}

/** Judges as its verifier does, and remembers what was shown and what was thought of it. */
export class Judge implements PeerVerifier {
  readonly #verifier: PeerVerifier;
  readonly #name: string | undefined;
  readonly #diagnose: boolean;
  /** What the server showed last. */
  shown: PresentedPeer | undefined;
  verdict: Verdict | undefined;

  constructor({ verifier, name, diagnose }: JudgeOptions) {
    this.#verifier = verifier;
    this.#name = name;
    this.#diagnose = diagnose;
  }

  /** Has the server been refused? */
  get refuses(): boolean {
    return this.verdict?.ok === false;
  }

  get wantsOcsp(): boolean {
    return true;
  }

  /** Sessions of a diagnosis are not stored: they would be believed later. */
  get policy(): string | undefined {
    return this.#diagnose ? undefined : `connect ${this.#name ?? ''} ${this.#verifier.policy ?? ''}`;
  }

  async recheck(peer: PresentedPeer, before: Verdict & { readonly ok: true }): Promise<Verdict> {
    const named = this.#named(peer);
    const verdict = await (this.#verifier.recheck?.(named, before) ?? this.#verifier.verify(named));
    this.shown = named;
    this.verdict = verdict;
    return verdict;
  }

  async verify(peer: PresentedPeer): Promise<Verdict> {
    const named = this.#named(peer);
    const verdict = await this.#verifier.verify(named);
    this.shown = named;
    this.verdict = verdict;
    if (verdict.ok || !this.#diagnose || verdict.publicKey === undefined) return verdict;
    return {
      ok: true,
      publicKey: verdict.publicKey,
      path: peer.chain,
      checks: ['refused, and looked at further: --diagnose'],
    };
  }

  #named(peer: PresentedPeer): PresentedPeer {
    return this.#name === undefined ? peer : { ...peer, serverName: this.#name };
  }
}

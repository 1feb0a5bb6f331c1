import { equalBytes } from '../../bytes/bytes.ts';
import type { MaybePromise } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { PeerVerifier, PresentedPeer, Verdict, VerdictDetails } from '../../handshake/peer.ts';
import { runSteps, type Steps, wait } from '../x509/steps.ts';
import { failureOf } from '../x509/verdict.ts';

type Yes = Verdict & { readonly ok: true };

/**
 * All of these have to say yes, in this order; the first no is the answer, and those behind it are not asked. They have
 * to mean the same key. What they found out is put together: the path is the first one's.
 * @throws TlsError ERR_OPTION when there is none.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { allOf, certificateVerifier, pinnedVerifier } from 'warifu/pki';
 * const crypto = nobleProvider();
 * const verifier = allOf(
 *   certificateVerifier({ anchors: [], signatures: crypto.verifier }),
 *   pinnedVerifier({ crypto, keys: ['sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='] }),
 * );
 * ```
 */
export function allOf(...verifiers: readonly PeerVerifier[]): PeerVerifier {
  if (verifiers.length === 0) throw new TlsError('ERR_OPTION', { detail: 'allOf: there is no verifier' });
  const run = (
    peer: PresentedPeer,
    ask: (verifier: PeerVerifier, index: number) => MaybePromise<Verdict>,
  ): MaybePromise<Verdict> => runSteps(judgeAll(verifiers, peer, ask));
  const verify = (peer: PresentedPeer): MaybePromise<Verdict> => run(peer, (verifier) => verifier.verify(peer));
  return {
    ...wishesOf(verifiers),
    get policy() {
      // Rules that have no name cannot be part of one that has.
      const names = verifiers.map(({ policy }) => policy);
      return names.includes(undefined) ? undefined : JSON.stringify(names);
    },
    verify,
    recheck: (peer, before) => run(peer, (verifier) => verifier.recheck?.(peer, before) ?? verifier.verify(peer)),
  };
}

/**
 * Shows what a verifier found to a function of yours, which may replace it: take what was refused, refuse what was taken.
 * It is asked for each handshake, and for each session that would be resumed. What it does not return as an explicit yes
 * is a no; what it throws, too.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { certificateVerifier, customVerifier } from 'warifu/pki';
 * const inner = certificateVerifier({ anchors: [], signatures: nobleProvider().verifier });
 * const verifier = customVerifier(inner, (peer, verdict) => {
 *   if (verdict.ok && peer.chain.length > 3)
 *     return { ok: false, failure: { code: 'CERT_REFUSED', message: 'a chain of four', alert: 42 } };
 *   return verdict;
 * });
 * ```
 */
export function customVerifier(
  inner: PeerVerifier,
  decide: (peer: PresentedPeer, verdict: Verdict) => MaybePromise<Verdict>,
): PeerVerifier {
  return {
    ...wishesOf([inner]),
    verify: (peer) => runSteps(judgeBy(inner, decide, peer)),
  };
}

/** What a verifier that stands before others asks the peer for. */
export function wishesOf(verifiers: readonly PeerVerifier[]): Omit<PeerVerifier, 'verify' | 'recheck' | 'policy'> {
  return {
    get authorities() {
      return verifiers.find(({ authorities }) => authorities !== undefined)?.authorities ?? [];
    },
    get wantsOcsp() {
      return verifiers.some(({ wantsOcsp }) => wantsOcsp === true);
    },
    get wantsSct() {
      return verifiers.some(({ wantsSct }) => wantsSct === true);
    },
  };
}

function* judgeAll(
  verifiers: readonly PeerVerifier[],
  _peer: PresentedPeer,
  ask: (verifier: PeerVerifier, index: number) => MaybePromise<Verdict>,
): Steps<Verdict> {
  const verdicts: Yes[] = [];
  for (const [index, verifier] of verifiers.entries()) {
    const verdict = explicit(yield* wait(ask(verifier, index)));
    if (!verdict.ok) return verdict;
    const [first] = verdicts;
    if (first !== undefined && !equalBytes(first.publicKey, verdict.publicKey)) {
      const what = 'two verifiers mean different keys';
      return { ok: false, failure: failureOf({ code: 'CERT_REFUSED', what }, undefined, 0) };
    }
    verdicts.push(verdict);
  }
  const [first] = verdicts;
  if (first === undefined) throw new TlsError('ERR_INTERNAL', { detail: 'allOf: no verifier was asked' });
  const details = mergedDetails(verdicts.flatMap(({ details: own }) => own ?? []));
  const checks = verdicts.flatMap(({ checks: own }) => own ?? []);
  return { ...first, checks, ...(details !== undefined && { details }) };
}

/** Names are taken from a verifier that vouches for them, if one does; the earliest end counts. */
function mergedDetails(all: readonly VerdictDetails[]): VerdictDetails | undefined {
  const best = all.find(({ identities }) => identities.verified) ?? all[0];
  if (best === undefined) return undefined;
  let merged = best;
  for (const one of all) merged = { ...one, ...merged };
  return { ...merged, expires: Math.min(...all.map(({ expires }) => expires)) };
}

function* judgeBy(
  inner: PeerVerifier,
  decide: (peer: PresentedPeer, verdict: Verdict) => MaybePromise<Verdict>,
  peer: PresentedPeer,
): Steps<Verdict> {
  const verdict = explicit(yield* wait(inner.verify(peer)));
  return explicit(yield* wait(decide(peer, verdict)));
}

/** Anything but an explicit yes or no is no verdict. */
export function explicit(verdict: Verdict): Verdict {
  if (verdict?.ok === true && verdict.publicKey instanceof Uint8Array) return verdict;
  if (verdict?.ok === false && typeof verdict.failure?.alert === 'number') return verdict;
  throw new TlsError('ERR_VERIFIER_FAILED', { detail: 'its answer is neither a yes nor a no' });
}

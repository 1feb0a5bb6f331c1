import type { PeerVerifier, PresentedPeer, Verdict, VerificationFailure } from '../handshake/peer.ts';
import { Alert } from '../errors.ts';
import type { MaybePromise } from '../crypto/types.ts';
import { isPromise } from '../bytes/promise.ts';
import { spkiOf } from './peer-shapes.ts';

/** What was thought of the peer of one connection. */
export class Judgement {
  /** Why it is not trusted; undefined: it is, or it has shown nothing. */
  failure: VerificationFailure | undefined;
  /** What `checkServerIdentity` answered, in the program's own object. */
  error: Error | undefined;
  /** Certificates that it showed. */
  shown: readonly Uint8Array[] = [];
}

/** How the peer of one connection is judged. */
export interface JudgeOptions {
  /** Finds a path to an authority. It is asked always. */
  readonly verifier: PeerVerifier;
  /** False: the connection is opened in spite of what was found, and told of it. */
  readonly rejects: boolean;
  /** Client: names the server that is meant, for sessions. */
  readonly host: string;
  /** Client: does the certificate name the server that is meant? Undefined: it is not asked for. */
  readonly identify: ((chain: readonly Uint8Array[], path: readonly Uint8Array[]) => Error | undefined) | undefined;
  /** Client: ask for a stapled OCSP response; it is told here, or that there is none. */
  readonly onOcsp: ((response: Uint8Array | undefined) => void) | undefined;
}

/**
 * The verifier of one connection of node:tls: the path, then the name, then perhaps both are only reported. Sessions are
 * resumed only where all of that is the same.
 */
export function judge(options: JudgeOptions, into: Judgement): PeerVerifier {
  const { verifier, rejects, host, identify, onOcsp } = options;
  const { policy, authorities } = verifier;
  const settle = (peer: PresentedPeer, verdict: Verdict, checksName: boolean): Verdict => {
    into.shown = peer.chain;
    let found = verdict;
    if (verdict.ok && checksName) {
      const error = identify?.(peer.chain, verdict.path);
      into.error = error;
      if (error !== undefined) found = { ok: false, failure: nameFailure(error), publicKey: verdict.publicKey };
    }
    // In a resumed connection the name is not looked at again: what was said of it then holds.
    if (!found.ok) into.failure = found.failure;
    else if (checksName) into.failure = undefined;
    if (found.ok || rejects) return found;
    const publicKey = found.publicKey ?? spkiOf(peer.chain[0]);
    return publicKey === undefined ? found : { ok: true, publicKey, path: peer.chain };
  };
  const ask = (peer: PresentedPeer, answer: MaybePromise<Verdict>, checksName: boolean): MaybePromise<Verdict> =>
    isPromise(answer) ? answer.then((verdict) => settle(peer, verdict, checksName)) : settle(peer, answer, checksName);
  return {
    ...(authorities !== undefined && { authorities }),
    wantsOcsp: onOcsp !== undefined,
    ...(policy !== undefined && { policy: `${policy} ${rejects ? '' : 'reported '}${host}` }),
    verify: (peer) => {
      onOcsp?.(peer.ocspResponses[0]);
      return ask(peer, verifier.verify(nameless(peer)), true);
    },
    // As in node:tls, the name is not asked for again. What was only reported was never found good: it is judged anew.
    recheck: (peer, before) => {
      const again = rejects ? verifier.recheck?.(nameless(peer), before) : undefined;
      return ask(peer, again ?? verifier.verify(nameless(peer)), false);
    },
  };
}

/** The name is for `checkServerIdentity`. */
function nameless(peer: PresentedPeer): PresentedPeer {
  return { ...peer, serverName: undefined };
}

function nameFailure(error: Error): VerificationFailure {
  return {
    code: 'CERT_NAME_MISMATCH',
    message: error.message,
    alert: Alert.badCertificate,
    rfc: 'RFC 9525 section 6',
  };
}

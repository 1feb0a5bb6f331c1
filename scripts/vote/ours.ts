/** Our own answer to a case: in the default profile, and whether a stricter one takes what that refuses. */
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { PresentedPeer } from '../../src/handshake/peer.ts';
import { certificateVerifier, type Profile } from '../../src/pki/index.ts';
import type { VoteCase } from './cases.ts';
import type { Answer } from './judges.ts';

const signatures = nodeProvider().verifier;
const STRICTER: readonly Profile[] = ['rfc5280', 'webpki', 'strict'];

export interface OurAnswer {
  readonly answer: Answer;
  /** Milliseconds, of the default profile. */
  readonly took: number;
}

export async function judgeOurselves(test: VoteCase): Promise<OurAnswer> {
  const start = performance.now();
  const answer = await judge(test, 'default');
  const took = performance.now() - start;
  if (answer === undefined) return { answer, took };
  for (const profile of STRICTER)
    if ((await judge(test, profile)) === undefined)
      return { answer: `error: ${profile} takes it, default does not: ${answer}`, took };
  return { answer, took };
}

async function judge(test: VoteCase, profile: Profile): Promise<Answer> {
  const skipped: string[] = [];
  const anchors = test.anchors.filter((der) => {
    try {
      certificateVerifier({ anchors: der, signatures });
      return true;
    } catch (error) {
      // One that cannot be read is no anchor, as with the others; what is thrown otherwise is a fault.
      if (!(error instanceof Error && 'code' in error)) throw error;
      skipped.push(error.message);
      return false;
    }
  });
  const verdict = await certificateVerifier({ anchors, signatures, profile, maxRememberedPaths: 0 }).verify(
    peerOf(test),
  );
  if (verdict.ok) return undefined;
  const { code, message } = verdict.failure;
  return `${code}: ${message}${skipped.length > 0 ? `; anchor: ${skipped.join('; ')}` : ''}`;
}

function peerOf(test: VoteCase): PresentedPeer {
  return {
    role: 'client',
    chain: [test.leaf, ...test.others],
    serverName: test.host,
    ocspResponses: [],
    sctLists: [],
    certificateSchemes: [],
    keyUse: 'digitalSignature',
    now: test.time * 1000,
  };
}

/** Our own answer to a case: in the default profile, and whether a stricter one takes what that refuses. */
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { PresentedPeer } from '../../src/handshake/peer.ts';
import { TlsError } from '../../src/errors.ts';
import { type Certificate, certificateVerifier, type Profile, readCertificates } from '../../src/pki/index.ts';
import type { VoteCase } from './cases.ts';
import type { Answer } from './judges.ts';

const signatures = nodeProvider().verifier;
const STRICTER: readonly Profile[] = ['rfc5280', 'webpki', 'strict'];

export interface OurAnswer {
  readonly answer: Answer;
  /** Milliseconds of CPU, of the default profile. */
  readonly took: number;
}

export async function judgeOurselves(test: VoteCase): Promise<OurAnswer> {
  const anchors = readable(test.anchors);
  const before = process.cpuUsage();
  const answer = await judge(test, anchors, 'default');
  const { user, system } = process.cpuUsage(before);
  const took = (user + system) / 1_000;
  if (answer === undefined) return { answer, took };
  for (const profile of STRICTER)
    if ((await judge(test, anchors, profile)) === undefined)
      return { answer: `error: ${profile} takes it, default does not: ${answer}`, took };
  return { answer, took };
}

interface Anchors {
  readonly good: readonly Certificate[];
  readonly lost: readonly string[];
}

/** One that cannot be read is no anchor, as with the others; what is thrown otherwise is a fault. */
function readable(ders: readonly Uint8Array[]): Anchors {
  const good: Certificate[] = [];
  const lost: string[] = [];
  for (const der of ders) {
    try {
      good.push(...readCertificates(der));
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      lost.push(error.message);
    }
  }
  return { good, lost };
}

async function judge(test: VoteCase, { good, lost }: Anchors, profile: Profile): Promise<Answer> {
  const verifier = certificateVerifier({ anchors: good, signatures, profile, maxRememberedPaths: 0 });
  const verdict = await verifier.verify(peerOf(test));
  if (verdict.ok) return undefined;
  const { code, message } = verdict.failure;
  return `${code}: ${message}${lost.length > 0 ? `; anchor: ${lost.join('; ')}` : ''}`;
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

import type { CryptoProvider } from '../../../src/crypto/types.ts';
import type { Verdict } from '../../../src/handshake/peer.ts';
import { certificateVerifier, revocationChecker, transparencyVerifier } from '../../../src/pki/index.ts';
import type { Bomb } from './bombs.ts';
import { ANCHOR, HOST, LEAF } from './parts.ts';

/** When it is judged. */
export const MOMENT: number = Date.parse('2030-01-01T12:00:00Z');

/** What a client that looks at all a bomb brings makes of it. */
export async function judge(bomb: Bomb, provider: Pick<CryptoProvider, 'verifier' | 'hash'>): Promise<Verdict> {
  const inner = certificateVerifier({
    anchors: [ANCHOR],
    signatures: provider.verifier,
    ...(bomb.profile !== undefined && { profile: bomb.profile }),
    ...(bomb.lists !== undefined && {
      revocation: revocationChecker({
        hash: provider.hash,
        crls: bomb.lists,
        whenMissing: 'accept',
        whenUnusable: 'accept',
        whenBadStaple: 'ignore',
      }),
    }),
  });
  const logs = [{ key: LEAF.spki, operator: 'one' }];
  const verifier =
    bomb.sctLists === undefined
      ? inner
      : transparencyVerifier(inner, { crypto: provider, logs, minLogs: 1, minOperators: 1 });
  return await verifier.verify({
    role: 'client',
    chain: bomb.chain,
    serverName: HOST,
    ocspResponses: bomb.ocspResponses ?? [],
    sctLists: bomb.sctLists ?? [],
    certificateSchemes: [],
    keyUse: 'digitalSignature',
    now: MOMENT,
  });
}

import { ALL_PARTS } from './all-parts.ts';
import type { PathQuestion, PathResult } from './question.ts';
import { searchPath } from './search.ts';

/**
 * Looks for a good path. Answers at once when signatures and revocation are answered at once.
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { defaultRules, findPath, readAnchors } from 'warifu/pki';
 * import { createAuthority, issueCertificate } from 'warifu/pki/issue';
 * const root = await createAuthority({ subject: 'Example Root' });
 * const { certificate } = await issueCertificate({ issuer: root, names: 'www.example.com' });
 * const rules = defaultRules('default', Date.now());
 * const signatures = nobleProvider().verifier;
 * const anchors = readAnchors(root.der);
 * const result = await findPath({ leaf: certificate, candidates: [], anchors, rules, signatures });
 * result.ok; // true
 * ```
 */
export function findPath(asked: PathQuestion): PathResult | Promise<PathResult> {
  return searchPath(asked, ALL_PARTS);
}

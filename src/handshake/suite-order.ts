import type { ServerConfig } from './config.ts';

/**
 * The suites that both sides have, in the order of the side that decides. Where that is us, the client's order still decides
 * among those that are as good as each other to us: it knows whether it has hardware for AES.
 */
export function sharedInOrder<S extends { readonly id: number }>(
  offered: readonly number[],
  ours: readonly S[],
  { preference, suiteRank }: ServerConfig,
): readonly S[] {
  const rank = (suite: S): number => (preference === 'client' ? 0 : (suiteRank?.get(suite.id) ?? ours.indexOf(suite)));
  return ours
    .filter(({ id }) => offered.includes(id))
    .sort((a, b) => rank(a) - rank(b) || offered.indexOf(a.id) - offered.indexOf(b.id));
}

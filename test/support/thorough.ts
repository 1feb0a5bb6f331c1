const { MODE } = (import.meta as { readonly env?: { readonly MODE?: string } }).env ?? {};

/**
 * Is this `npm run test:full`? Then nothing is sampled. `npm test` takes a sample where a table has thousands of cases of
 * few kinds: some of every kind, always the same ones.
 */
export const thorough: boolean = MODE === 'full';

/** Is this `npm run test:package`, or a full run? Then every compiler and every bundler is tried. */
export const allConsumers: boolean = MODE === 'package' || thorough;

/** At most `limit` of each kind, spread over the list, in its order; all of them when this is a full run. */
export function sampleOf<T>(items: readonly T[], limit: number, kindOf: (item: T) => string): readonly T[] {
  if (thorough) return items;
  const kinds = new Map<string, T[]>();
  for (const item of items) {
    const kind = kindOf(item);
    kinds.set(kind, [...(kinds.get(kind) ?? []), item]);
  }
  const chosen = new Set<T>();
  for (const list of kinds.values())
    for (let index = 0; index < Math.min(limit, list.length); index++)
      chosen.add(list[Math.floor((index * list.length) / Math.min(limit, list.length))]!);
  return items.filter((item) => chosen.has(item));
}

/** Makes case after case: the same seed, number and folder of extensions give the same structure, with other keys. */
import { concat } from '../../src/bytes/bytes.ts';
import { type Arranged, type ChainDraft, HOST, NOW, plainChain, signChain } from './draft.ts';
import { graph } from './graphs.ts';
import { namesChain } from './names.ts';
import { ODDITIES } from './oddities.ts';
import { Random } from './random.ts';
import type { RealExtension } from './real.ts';

export interface VoteCase extends Arranged {
  readonly number: number;
  readonly host: string;
  /** Seconds since 1970. */
  readonly time: number;
  /** What is odd about it, with the place. */
  readonly tags: readonly string[];
}

export type Corpus = ReadonlyMap<string, readonly RealExtension[]>;

export function makeCase(number: number, seed: number, corpus: Corpus): VoteCase {
  const random = new Random(seed * 1_000_003 + number);
  const kind = random.next();
  const { arranged, tags, host } =
    kind < 0.55
      ? oddCase(random)
      : kind < 0.7
        ? realCase(random, corpus)
        : kind < 0.9
          ? namesCase(random)
          : graphCase(random);
  return { number, host, time: NOW / 1000, tags, ...arranged };
}

interface Made {
  readonly arranged: Arranged;
  readonly tags: readonly string[];
  readonly host: string;
}

/** One oddity, or two. */
function oddCase(random: Random): Made {
  const chain = plainChain(random, random.pick([0, 1, 1, 1, 2]));
  const tags: string[] = [];
  for (let count = random.chance(0.5) ? 1 : 2; count > 0; count--) {
    const oddity = random.pick(ODDITIES);
    const at = random.pick(chain.drafts.flatMap(({ place }, index) => (oddity.places.includes(place) ? [index] : [])));
    const draft = chain.drafts[at];
    // There is no authority between where there is none.
    if (draft === undefined) continue;
    oddity.apply(draft, random, chain.drafts[at + 1]);
    tags.push(`${draft.place}: ${oddity.name}`);
  }
  return finish(chain, tags, random);
}

/** One to three extensions from elsewhere, in any place. */
function realCase(random: Random, corpus: Corpus): Made {
  const chain = plainChain(random, random.pick([0, 1, 1, 2]));
  const tags: string[] = [];
  const kinds = [...corpus.keys()].sort();
  for (let count = 1 + random.below(3); count > 0; count--) {
    const { oid, slot, der } = random.pick(corpus.get(random.pick(kinds)) ?? []);
    const draft = random.pick(chain.drafts);
    draft.extensions.set(slot, der);
    tags.push(`${draft.place}: real ${slot === `real ${oid}` ? oid : slot}`);
  }
  return finish(chain, tags, random);
}

function namesCase(random: Random): Made {
  const { chain, tags } = namesChain(random);
  return finish(chain, ['names', ...tags], random);
}

function graphCase(random: Random): Made {
  return { ...graph(random), host: HOST };
}

/** Mostly what was made is shown as it is; now and then otherwise. */
function finish(chain: ChainDraft, tags: readonly string[], random: Random): Made {
  const host = random.chance(0.94)
    ? chain.host
    : random.pick(['SERVER.EXAMPLE', 'other.example', '192.0.2.1', 'server.example.', 'example']);
  const signed = signChain(chain, random);
  const more = host === chain.host ? [] : [`host: ${host}`];
  if (random.chance(0.88)) return { arranged: signed, tags: [...tags, ...more], host };
  const way = random.pick(Object.keys(ARRANGEMENTS));
  return { arranged: ARRANGEMENTS[way]!(signed, random), tags: [...tags, ...more, `arranged: ${way}`], host };
}

const ARRANGEMENTS: { readonly [name: string]: (signed: Arranged, random: Random) => Arranged } = {
  'the root is sent too': (signed) => ({ ...signed, others: [...signed.others, ...signed.anchors] }),
  'another order': (signed, random) => ({ ...signed, others: random.shuffle(signed.others) }),
  'one is missing': (signed) => ({ ...signed, others: signed.others.slice(1) }),
  'the leaf is sent again': (signed) => ({ ...signed, others: [signed.leaf, ...signed.others] }),
  'each is sent twice': (signed) => ({ ...signed, others: signed.others.flatMap((der) => [der, der]) }),
  'an authority between is trusted': (signed) =>
    signed.others.length === 0 ? signed : { ...signed, anchors: signed.others.slice(0, 1), others: [] },
  'the leaf is trusted': (signed) => ({ ...signed, anchors: [signed.leaf] }),
  'something else is sent with it': (signed) => ({
    ...signed,
    others: [concat(signed.leaf, signed.leaf), ...signed.others],
  }),
};

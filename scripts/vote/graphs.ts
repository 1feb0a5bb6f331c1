/** Authorities that certify one another: many paths, some of which are good, dead, or lead round in a circle. */
import * as b from '../../vectors/pki/builder.ts';
import { type Arranged, authorityDraft, type Draft, HOST, leafDraft, NOW, otherPair, sign } from './draft.ts';
import type { Random } from './random.ts';

interface Flaw {
  readonly name: string;
  readonly apply: (draft: Draft) => void;
}

const FLAWS: readonly Flaw[] = [
  { name: 'expired', apply: (draft) => Object.assign(draft.spec, { notAfter: new Date(NOW - 86_400_000) }) },
  { name: 'not yet', apply: (draft) => Object.assign(draft.spec, { notBefore: new Date(NOW + 86_400_000) }) },
  { name: 'spoilt', apply: (draft) => Object.assign(draft.spec, { spoil: true }) },
  { name: 'no authority', apply: (draft) => draft.extensions.set('bc', b.basicConstraints(false)) },
  { name: 'no path below', apply: (draft) => draft.extensions.set('bc', b.basicConstraints(true, 0)) },
  { name: 'another purpose', apply: (draft) => draft.extensions.set('eku', b.extendedKeyUsage('clientAuth')) },
  {
    name: 'another name',
    apply: (draft) => draft.extensions.set('nc', b.nameConstraints([b.dns('other.example')], [])),
  },
  { name: 'this name', apply: (draft) => draft.extensions.set('nc', b.nameConstraints([b.dns(HOST)], [])) },
  { name: 'no keyCertSign', apply: (draft) => draft.extensions.set('ku', b.keyUsage('cRLSign')) },
  {
    name: 'an unknown critical extension',
    apply: (draft) => draft.extensions.set('x', b.extension('1.2.3', true, new Uint8Array(0))),
  },
];

/** A leaf below some of several authorities, each of which has certified some of the others. */
export function graph(random: Random): { readonly arranged: Arranged; readonly tags: readonly string[] } {
  const tags = new Set<string>();
  const pairs: b.Pair[] = [];
  const authorities = Array.from({ length: 2 + random.below(4) }, (_, index) => {
    const pair = otherPair('ecdsa-p256', random, pairs);
    pairs.push(pair);
    return { subject: b.name(['O', 'Vote'], ['CN', `Authority ${index}`]), pair, index };
  });
  const draftOf = ({ subject, pair, index }: (typeof authorities)[number]): Draft => ({
    ...authorityDraft(pair, 'middle', index),
    subject,
  });
  const others: Uint8Array[] = [];
  const anchors: Uint8Array[] = [];
  for (const one of authorities) {
    const self = draftOf(one);
    const trusted = random.chance(0.35) || (anchors.length === 0 && one === authorities.at(-1));
    if (trusted) anchors.push(sign(self, self));
    else if (random.chance(0.2)) others.push(sign(self, self));
    for (const issuer of authorities) {
      if (issuer === one || !random.chance(0.5)) continue;
      const cross = draftOf(one);
      if (random.chance(0.45)) {
        const flaw = random.pick(FLAWS);
        flaw.apply(cross);
        tags.add(`graph: ${flaw.name}`);
      }
      others.push(sign(cross, draftOf(issuer)));
    }
  }
  const leaf = leafDraft(otherPair('ecdsa-p256', random, pairs));
  return {
    arranged: { leaf: sign(leaf, draftOf(random.pick(authorities))), others: random.shuffle(others), anchors },
    tags: ['graph', ...tags],
  };
}

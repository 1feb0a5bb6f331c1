/** Disagreements, each put down to a cause. */
import { CAUSES, type Cause } from './causes.ts';
import type { Answer } from './judges.ts';

/** A case, and what each said; the judges that are not named agree with us. */
export interface Dissent {
  readonly number: number;
  readonly tags: readonly string[];
  readonly ours: string | null;
  /** By judge: null means that it is good. */
  readonly theirs: { readonly [judge: string]: string | null };
  /** All others refuse what we take, or take what we refuse. */
  readonly alone: boolean;
}

export function dissentOf(
  number: number,
  tags: readonly string[],
  ours: Answer,
  answers: ReadonlyMap<string, Answer>,
): Dissent | undefined {
  const others = [...answers].filter(([, answer]) => (answer === undefined) !== (ours === undefined));
  if (others.length === 0) return undefined;
  const theirs = Object.fromEntries(others.map(([judge, answer]) => [judge, answer ?? null]));
  return { number, tags, ours: ours ?? null, theirs, alone: others.length === answers.size };
}

/** What one cause, or none, has to answer for. */
export interface Group {
  readonly cause: Cause | undefined;
  /** Who refuses and why, where there is no cause. */
  readonly title: string;
  readonly numbers: Set<number>;
  /** By judge. */
  readonly judges: Map<string, number>;
  /** Cases that we alone take, or alone refuse. */
  readonly alone: Set<number>;
  readonly example: string;
}

export function tally(dissents: readonly Dissent[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const { number, tags, ours, theirs, alone } of dissents) {
    for (const [judge, answer] of Object.entries(theirs)) {
      const refuser = ours === null ? judge : 'warifu';
      const reason = ours ?? answer ?? '';
      const cause = CAUSES.find((one) => explains(one, refuser, judge, reason, tags));
      const title = cause?.id ?? `${refuser} refuses what ${ours === null ? 'warifu' : judge} takes: ${plain(reason)}`;
      let group = groups.get(title);
      if (group === undefined) {
        group = {
          cause,
          title,
          numbers: new Set(),
          judges: new Map(),
          alone: new Set(),
          example: `${tags.join(', ')}: ${reason}`,
        };
        groups.set(title, group);
      }
      group.numbers.add(number);
      group.judges.set(judge, (group.judges.get(judge) ?? 0) + 1);
      if (alone) group.alone.add(number);
    }
  }
  return [...groups.values()].sort((a, b) => b.numbers.size - a.numbers.size);
}

function explains(cause: Cause, refuser: string, judge: string, reason: string, tags: readonly string[]): boolean {
  if (!cause.refuses.includes(refuser)) return false;
  if (cause.takes !== undefined && !cause.takes.includes(judge)) return false;
  if (!cause.reason.test(reason)) return false;
  return cause.tags === undefined || tags.some((tag) => cause.tags!.test(tag));
}

/** Without what differs from case to case. */
function plain(reason: string): string {
  return reason
    .replaceAll(/"[^"]*"|\([^()]*\)|\[[^\]]*\]/g, '…')
    .replaceAll(/[0-9a-f]{8,}/g, '…')
    .replaceAll(/\d+/g, 'n')
    .slice(0, 160);
}

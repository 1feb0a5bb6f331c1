/** Why judges disagree: each cause once, with the line it is about. */
import { OUR_REFUSALS } from './causes-ours.ts';
import { THEIR_REFUSALS } from './causes-theirs.ts';

export interface Cause {
  /** A few words. */
  readonly id: string;
  /** Who refuses: warifu, or others, whose refusal we do not share. */
  readonly refuses: readonly string[];
  /** Where warifu refuses: the judges that may take it. Default: all. */
  readonly takes?: readonly string[];
  /** What the one that refuses says. */
  readonly reason: RegExp;
  /** One of the things that are odd about the case. */
  readonly tags?: RegExp;
  readonly why: string;
  /** The line it is about. */
  readonly rule: string;
}

export const CAUSES: readonly Cause[] = [...OUR_REFUSALS, ...THEIR_REFUSALS];

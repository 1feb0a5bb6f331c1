/** Why judges disagree: each cause once, with the line of the RFC it is about. */

export interface Cause {
  /** A few words. */
  readonly id: string;
  /** Who refuses: warifu, or a judge whose refusal we do not share; 'anybody else': every judge but us. */
  readonly refuses: string;
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

export const CAUSES: readonly Cause[] = [];

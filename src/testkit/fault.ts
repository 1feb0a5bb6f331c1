/** A fault, and what a peer that is right makes of it. */
export interface Fault {
  /** The first label of the name that a client asks for: `expired` of `expired.localhost`. */
  readonly name: string;
  readonly kind: 'none' | 'certificate' | 'handshake' | 'record' | 'end';
  /** What is wrong, for people. */
  readonly about: string;
  /**
   * What is right: to connect as usual; to refuse before a byte of data is sent; to notice later, when there has been data;
   * to give up by itself, for nothing comes.
   */
  readonly right: 'connect' | 'refuse' | 'notice' | 'give up';
  /** The alerts that may be sent, the best first; empty: none has to be, or none can be. */
  readonly alerts: readonly number[];
  /** The code of the error that warifu has for it. */
  readonly code: string | undefined;
  /** Where it is said. */
  readonly rfc: string;
}

/** What the peer did, and whether that was right. */
export type Judgement =
  /** As it should be. */
  | 'right'
  /** Refused, with an alert that says something else, or without one. */
  | 'another alert'
  /** Taken for good. */
  | 'wrong'
  /** It cannot be seen from here. */
  | 'unseen';

/** Judges a peer by what was seen of it. */
export function judge(
  fault: Fault,
  seen: {
    readonly dataReceived: number;
    readonly alert: number | undefined;
    readonly end: 'close_notify' | 'closed' | 'none';
  },
): Judgement {
  const { alert, dataReceived, end } = seen;
  switch (fault.right) {
    case 'connect':
      return alert === undefined && (dataReceived > 0 || end === 'close_notify') ? 'right' : 'wrong';
    case 'refuse':
      if (dataReceived > 0) return 'wrong';
      if (alert !== undefined && fault.alerts.includes(alert)) return 'right';
      if (alert === undefined && end === 'none') return 'wrong';
      return fault.alerts.length === 0 ? 'right' : 'another alert';
    case 'notice':
      if (fault.alerts.length === 0) return 'unseen';
      if (alert === undefined) return 'wrong';
      return fault.alerts.includes(alert) ? 'right' : 'another alert';
    case 'give up':
      return end === 'none' ? 'wrong' : 'right';
  }
}

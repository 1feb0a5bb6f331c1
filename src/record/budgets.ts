import { type PeerFault, TlsError } from '../errors.ts';

export type BudgetName =
  | 'emptyRecords'
  | 'changeCipherSpecs'
  | 'warnings'
  | 'keyUpdates'
  | 'tickets'
  | 'helloRequests'
  | 'certificateRequests';

/** What a peer may send that moves nothing forward, before it is taken for a flood. */
const BUDGETS: { readonly [N in BudgetName]: { readonly most: number; readonly fault: PeerFault } } = {
  /** Records without content in a row (CVE class: a loop at no cost for the sender). */
  emptyRecords: { most: 32, fault: 'ERR_TOO_MANY_EMPTY_RECORDS' },
  /** RFC 9846 appendix E.4 expects one, or one for each flight. */
  changeCipherSpecs: { most: 4, fault: 'ERR_TOO_MANY_CCS' },
  warnings: { most: 4, fault: 'ERR_TOO_MANY_WARNINGS' },
  /** KeyUpdates without application data between them. */
  keyUpdates: { most: 32, fault: 'ERR_TOO_MANY_KEY_UPDATES' },
  /** Tickets without application data between them. */
  tickets: { most: 32, fault: 'ERR_TOO_MANY_TICKETS' },
  /** A TLS 1.2 server that asks for another handshake, and is told no (RFC 5246 section 7.4.1.1). */
  helloRequests: { most: 4, fault: 'ERR_RENEGOTIATION' },
  /**
   * Requests for a certificate after the handshake. Each costs us a signature and a flight many times as long as it, so
   * that a byte of data between them buys nothing: they count for the whole connection.
   */
  certificateRequests: { most: 32, fault: 'ERR_TOO_MANY_CERTIFICATE_REQUESTS' },
};

/** Of the whole connection: data does not set them back. */
const LASTING: readonly BudgetName[] = ['changeCipherSpecs', 'certificateRequests'];

/** Counts what could be a flood. Application data sets most of the counters back. */
export class Budgets {
  /** Most connections spend nothing. */
  #spent: Map<BudgetName, number> | undefined;

  /** @throws TlsError with the budget's own code when it is used up. */
  spend(name: BudgetName): void {
    this.#spent ??= new Map();
    const spent = (this.#spent.get(name) ?? 0) + 1;
    this.#spent.set(name, spent);
    const { most, fault } = BUDGETS[name];
    if (spent > most) throw new TlsError(fault, { detail: `${spent}, at most ${most} are taken` });
  }

  progress(): void {
    if (this.#spent === undefined) return;
    for (const name of this.#spent.keys()) if (!LASTING.includes(name)) this.#spent.delete(name);
    if (this.#spent.size === 0) this.#spent = undefined;
  }
}

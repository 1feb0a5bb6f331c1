import type { HandshakeInfo } from '../handshake/context.ts';

/** For programs. An `open` connection whose peer has ended its direction is still open for us. */
export type Status = 'fresh' | 'handshaking' | 'open' | 'closing' | 'closed' | 'failed';

/** Where a connection stands: each direction is closed by itself (RFC 9846 section 6.1). */
type Phase = 'fresh' | 'handshaking' | 'open' | 'read-closed' | 'write-closed' | 'closed' | 'failed';

const STATUS: { readonly [P in Phase]: Status } = {
  fresh: 'fresh',
  handshaking: 'handshaking',
  open: 'open',
  'read-closed': 'open',
  'write-closed': 'closing',
  closed: 'closed',
  failed: 'failed',
};

/** The one value that says what may still be read and written. It only moves forward. */
export class Lifecycle {
  #phase: Phase = 'fresh';

  get status(): Status {
    return STATUS[this.#phase];
  }

  /** Records are read: not before the start, nor behind the peer's close_notify. */
  get reads(): boolean {
    const phase = this.#phase;
    return phase === 'open' || phase === 'handshaking' || phase === 'write-closed';
  }

  /** Messages and alerts may be sent: not behind our close_notify. */
  get writes(): boolean {
    const phase = this.#phase;
    return phase === 'open' || phase === 'handshaking' || phase === 'read-closed' || phase === 'fresh';
  }

  /** The handshake is done, and neither side has given the connection up. */
  get established(): boolean {
    const phase = this.#phase;
    return phase === 'open' || phase === 'read-closed' || phase === 'write-closed';
  }

  get over(): boolean {
    return this.#phase === 'closed' || this.#phase === 'failed';
  }

  start(): void {
    this.#phase = 'handshaking';
  }

  establish(): void {
    this.#phase = 'open';
  }

  /** The peer has said close_notify. */
  closeRead(): void {
    this.#phase = this.#phase === 'write-closed' ? 'closed' : 'read-closed';
  }

  /** We have said close_notify. */
  closeWrite(): void {
    this.#phase = this.#phase === 'read-closed' ? 'closed' : 'write-closed';
  }

  fail(): void {
    this.#phase = 'failed';
  }
}

/** An engine, as far as it is shown. */
interface Shown {
  readonly role: string;
  readonly status: Status;
  readonly info: Readonly<HandshakeInfo>;
}

/** For those who print it: what it is and how it stands, and nothing of what it knows. */
export function describeEngine({ role, status, info: { version, suite } }: Shown): string {
  const parts = [role, status, version, suite?.name].filter((part) => part !== undefined);
  return `Engine { ${parts.join(', ')} }`;
}

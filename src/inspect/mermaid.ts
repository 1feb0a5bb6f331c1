/** The part of a transition table that a drawing needs; the tables of the handshake have this shape. */
export interface DrawableTable {
  readonly [state: string]: {
    readonly [arrival: string]: {
      readonly epoch: string;
      readonly to: readonly string[];
      readonly rekeysRead?: true;
    };
  };
}

/** How a diagram of states is drawn. */
export interface StateDiagramOptions {
  /** Where it begins. Default: the first row. */
  readonly start?: string | undefined;
}

/**
 * A state diagram in Mermaid's language, made from the very table that decides. Each arrow carries the message, the keys it
 * must come under, and `↻` where the read keys change behind it.
 *
 * @example
 * ```ts
 * import { drawStates } from 'warifu/inspect';
 * const text = drawStates({ WAIT_FINISHED: { Finished: { epoch: 'handshake', to: ['CONNECTED'], rekeysRead: true } } });
 * text.includes('WAIT_FINISHED --> CONNECTED: Finished (handshake, ↻)'); // true
 * ```
 */
export function drawStates(table: DrawableTable, { start }: StateDiagramOptions = {}): string {
  const first = start ?? Object.keys(table)[0];
  const out = ['stateDiagram-v2'];
  if (first !== undefined) out.push(`  [*] --> ${first}`);
  for (const [state, row] of Object.entries(table)) {
    // Arrows from one state to another are one arrow, with all messages that take it.
    const labels = new Map<string, string[]>();
    for (const [arrival, { epoch, to, rekeysRead }] of Object.entries(row)) {
      const label = `${arrival} (${epoch}${rekeysRead === true ? ', ↻' : ''})`;
      for (const target of to) labels.set(target, [...(labels.get(target) ?? []), label]);
    }
    for (const [target, texts] of labels) out.push(`  ${state} --> ${target}: ${texts.join('<br/>')}`);
  }
  return `${out.join('\n')}\n`;
}

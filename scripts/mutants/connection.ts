import type { Mutant } from './mutant.ts';

/** What the engine does when a connection ends, and the limits that it keeps to. */
export const mutants: readonly Mutant[] = [
  {
    name: 'end: an answer that comes after failure is ignored',
    find: '    if (engine.isOver()) return false;\n',
    tests: ['test/engine/late.test.ts'],
  },
  {
    name: 'end: a request is answered once',
    find: "    if (!engine.isOpen())\n      throw new TlsError('ERR_STATE', {",
    replace: "    if (kind === undefined)\n      throw new TlsError('ERR_STATE', {",
    tests: ['test/engine/late.test.ts'],
  },
  {
    name: 'end: no handshake message after close_notify',
    find: 'if (lifecycle.writes) outbound.handshake(message);',
    replace: 'outbound.handshake(message);',
    tests: ['test/engine/late.test.ts'],
  },
  {
    name: 'end: no alert after close_notify',
    find: 'if (lifecycle.writes) outbound.alert(1, description);',
    replace: 'outbound.alert(1, description);',
    tests: ['test/engine/late.test.ts'],
  },
  {
    name: 'end: a flight that was not finished is not sent',
    find: '    this.#outbound.dropUnsent();\n',
    tests: ['test/engine/late.test.ts'],
  },
  {
    name: 'end: without close_notify it is truncation',
    find: "if (!worked && this.#inbound.ended && !this.#inbound.isOpening)\n        throw new TlsError('ERR_TRUNCATED', { detail: this.config.explain.end(this.#standing) });",
    tests: ['test/engine/pieces.test.ts'],
  },
  {
    // That nothing behind it is read is held twice, by this and by the phase of the connection.
    name: 'end: behind the end of the peer its keys are gone',
    find: "    this.#inbound.dispose();\n    this.#events.push({ type: 'end' });",
    replace: "    this.#events.push({ type: 'end' });",
    tests: ['test/engine/late.test.ts', 'test/engine/wiping.test.ts'],
  },
  {
    name: 'limit: padding never makes a record larger than the peer takes',
    find: 'return Math.min(padded, this.#limit + 1) - length - 1;',
    replace: 'return padded - length - 1;',
    tests: ['test/engine/late.test.ts'],
  },
  {
    name: 'limit: the peer cannot raise the size of our records',
    find: 'this.#limit = Math.min(bytes, this.#config.maxRecordSize);',
    replace: 'this.#limit = bytes;',
    tests: ['test/engine/limits.test.ts'],
  },
  {
    name: 'limit: a message is not longer than its type may be',
    find: '    if (length > limit)\n',
    replace: '    if (length > limit * 1000)\n',
    file: 'record/joiner.ts',
    tests: ['test/record/record.test.ts', 'test/negative/alerts.test.ts'],
  },
  {
    name: 'limit: floods of records and messages that move nothing',
    find: 'if (spent > most) throw new TlsError(fault,',
    replace: 'if (spent > most * 1000) throw new TlsError(fault,',
    tests: ['test/engine/limits.test.ts', 'test/engine/pieces.test.ts'],
  },
  {
    name: 'limit: keys are changed before they have protected too much',
    find: 'if (!(this.#protector!.remaining > RESERVE)) {',
    replace: 'if (this.#protector!.remaining < 0) {',
    tests: ['test/engine/pieces.test.ts'],
  },
  {
    name: 'records: a message does not straddle a change of keys',
    find: 'if (edge.rekeysRead === true && this.#inbound.leftover > 0) {',
    replace: 'if (edge.rekeysRead === undefined && this.#inbound.leftover > 1e9) {',
    tests: ['test/engine/law.test.ts'],
  },
  {
    name: 'records: a message comes under the keys of its state',
    find: 'if (edge.epoch !== epoch) {',
    replace: 'if (edge.epoch === undefined) {',
    tests: ['test/engine/epoch.test.ts'],
  },
  {
    name: 'records: nothing comes between the parts of a message',
    find: 'if (type !== CONTENT_HANDSHAKE && this.#joiner.leftover > 0) {',
    replace: 'if (type !== CONTENT_HANDSHAKE && this.#joiner.leftover > 1e9) {',
    tests: ['test/engine/law.test.ts'],
  },
];

/** Looking at a handshake: what each byte is, who said what to whom, and by what a client is recognised. */
export { type Annotation, annotate } from './annotate.ts';
export type { Setting } from './codecs.ts';
export { type DrawSvgOptions, drawMermaid, drawSvg } from './draw.ts';
export { type DrawTextOptions, drawText, type LiveText, type LiveTextOptions, liveText } from './draw-text.ts';
export { type DumpOptions, dump, formatAnnotations } from './dump.ts';
export { type Fingerprint, fingerprint } from './fingerprint.ts';
export {
  type LadderOptions,
  markedName,
  type Recorder,
  type RecorderOptions,
  recordLadder,
  type Rung,
} from './ladder.ts';
export { type DrawableTable, drawStates, type StateDiagramOptions } from './mermaid.ts';
export * from './names.ts';
export { type Summary, summarize } from './summary.ts';

/** A block of code in the documentation. */
export interface Example {
  readonly file: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
  readonly code: string;
  readonly runs: boolean;
}

/** The fenced `ts` blocks of a Markdown text. */
export function examplesInMarkdown(file: string, text: string): Example[] {
  return fenced(
    file,
    text.split('\n').map((line, index) => ({ line, number: index + 1 })),
  );
}

/** What follows each `@example` in the doc comments of a source: its fenced blocks or, without a fence, its text. */
export function examplesInSource(file: string, text: string): Example[] {
  const found: Example[] = [];
  let comment: Line[] | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    if (comment === undefined && raw.trimStart().startsWith('/**')) comment = [];
    if (comment === undefined) continue;
    comment.push({ line: raw.replace(/^\s*\/?\*+ ?/, '').replace(/\s*\*\/.*$/, ''), number: index + 1 });
    if (!raw.includes('*/')) continue;
    for (const part of exampleParts(comment)) {
      const blocks = fenced(file, part);
      found.push(...(blocks.length > 0 ? blocks : bare(file, part)));
    }
    comment = undefined;
  }
  return found;
}

interface Line {
  readonly line: string;
  readonly number: number;
}

/** Cuts a comment at its block tags; keeps the parts that are examples. A tag inside a fence does not count. */
function exampleParts(comment: readonly Line[]): Line[][] {
  const parts: Line[][] = [];
  let part: Line[] | undefined;
  let inFence = false;
  for (const line of comment) {
    if (/^\s*```/.test(line.line)) inFence = !inFence;
    const tag = inFence ? null : /^\s*@(\w+)/.exec(line.line);
    if (tag === null) part?.push(line);
    else {
      part = tag[1] === 'example' ? [] : undefined;
      if (part !== undefined) parts.push(part);
    }
  }
  return parts;
}

function fenced(file: string, lines: readonly Line[]): Example[] {
  const found: Example[] = [];
  let block: { readonly kind: string; readonly line: number; readonly code: string[] } | undefined;
  for (const { line, number } of lines) {
    const fence = /^\s*```\s*(.*)$/.exec(line);
    if (fence === null) block?.code.push(line);
    else if (block === undefined) block = { kind: fence[1] ?? '', line: number + 1, code: [] };
    else {
      const [language, ...flags] = block.kind.trim().split(/\s+/);
      if (language === 'ts' || language === 'typescript')
        found.push({ file, line: block.line, code: block.code.join('\n'), runs: !flags.includes('no-run') });
      block = undefined;
    }
  }
  return found;
}

function bare(file: string, part: readonly Line[]): Example[] {
  const first = part.find(({ line }) => line.trim() !== '');
  if (first === undefined || part.some(({ line }) => /^\s*```/.test(line))) return [];
  const code = part.map(({ line }) => line).join('\n');
  return [{ file, line: first.number, code: code.trim(), runs: true }];
}

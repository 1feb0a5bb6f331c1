/**
 * Circles of files: files that can only be understood together. Circles of folders are refused by check-layers.ts; these
 * are finer. Two files whose imports lead from one to the other and back are in the same circle.
 */

/** The circles among files, each sorted, the largest first; `edges` leads from a file to those that it imports. */
export function circlesIn(edges: ReadonlyMap<string, Iterable<string>>): string[][] {
  const circles: string[][] = [];
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];

  // Tarjan's strongly connected components.
  const visit = (file: string): void => {
    index.set(file, index.size);
    lowest.set(file, index.get(file)!);
    stack.push(file);
    for (const next of edges.get(file) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!));
    }
    if (lowest.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1 || [...(edges.get(file) ?? [])].includes(file)) circles.push(circle.sort());
  };

  for (const file of edges.keys()) if (!index.has(file)) visit(file);
  return circles.sort((a, b) => b.length - a.length || (a[0]! < b[0]! ? -1 : 1));
}

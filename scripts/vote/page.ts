import type { Result } from '../vote.ts';
import type { Group } from './tally.ts';
export function renderPage(page: string, _r: Result, _g: readonly Group[]): string {
  return page;
}

import { escapeJson } from '../bytes/text.ts';

/** Values as one line of JSON that a terminal can show: what a peer says in it moves no cursor and turns no line round. */
export function jsonText(value: unknown, replacer?: (name: string, value: unknown) => unknown): string {
  return escapeJson(JSON.stringify(value, replacer));
}

/** The last moment that a Date can name. */
const END_OF_TIME = 8.64e15;

/**
 * Is it a moment in milliseconds since 1970? A clock of a program may give NaN, text or a Date, and with most of those every
 * comparison is false: what they are compared in is written so that false refuses.
 */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= END_OF_TIME;
}

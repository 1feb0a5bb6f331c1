import { expect } from 'vitest';

/**
 * Bytes are compared as bytes. Left to itself `toEqual` looks at each element as at any property of any object: five
 * seconds for 700,000 of them.
 */
expect.addEqualityTesters([
  (a: unknown, b: unknown) => {
    if (!(a instanceof Uint8Array && b instanceof Uint8Array) || a.constructor !== b.constructor) return undefined;
    return Buffer.compare(a, b) === 0;
  },
]);

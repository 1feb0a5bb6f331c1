import { keysOf } from './shape.ts';

/**
 * What a program prints by accident. An object with a secret in it is logged, sooner or later: so its secrets are not
 * among the properties that are listed, and it says itself what it is.
 */

/** Only the members that a printing function asks for by themselves. */
interface Described {
  [hook: symbol]: () => string;
}

/**
 * The same object, which `console.log` and the inspectors of Node, Bun and Deno show as `text()` and nothing else. It is
 * otherwise as it was.
 */
export function describedAs<T extends object>(value: T, text: () => string): T {
  const property = { value: text };
  Object.defineProperty(value, NODE, property);
  Object.defineProperty(value, DENO, property);
  return value;
}

const NODE: unique symbol = /* @__PURE__ */ Symbol.for('nodejs.util.inspect.custom');
const DENO: unique symbol = /* @__PURE__ */ Symbol.for('Deno.customInspect');

/**
 * A copy whose properties named in `secrets` can be read by their names, and are not listed: not printed, not written as
 * JSON, not spread. They are held in the closure of their getters.
 */
export function conceal<T extends object>(value: T, secrets: readonly (keyof T & string)[], text: () => string): T {
  const copy = {} as T & Described;
  for (const name of keysOf(value))
    if (!secrets.includes(name)) Object.defineProperty(copy, name, { value: value[name], enumerable: true });
  for (const name of secrets) {
    const secret = value[name];
    if (secret !== undefined) Object.defineProperty(copy, name, { get: () => secret, enumerable: false });
  }
  return describedAs(copy, text);
}

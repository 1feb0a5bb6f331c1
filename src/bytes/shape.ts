/** Questions to values whose shape is not known: what a runtime has, what a program gave. */

/** The names of an object's own properties, by the type that it has. */
export function keysOf<T extends object>(value: T): (keyof T & string)[] {
  return Object.keys(value) as (keyof T & string)[];
}

/**
 * A copy of the own properties, without a prototype: what was put on that of all objects is no option. A list, and what is
 * no object, comes back as it is, for those who say so.
 */
export function ownOf<T>(options: T): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return options;
  return Object.assign(Object.create(null), options);
}

/** Not null. */
export function isObject<T extends object = object>(value: unknown): value is T {
  return typeof value === 'object' && value !== null;
}

/** Can this be called on the value? */
export function hasMethod(value: unknown, name: string): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return typeof Reflect.get(value, name) === 'function';
}

/** What the runtime has by this name, taken for what the caller expects; undefined: it has nothing of the name. */
export function fromRuntime<T>(name: string): T | undefined {
  return Reflect.get(globalThis, name);
}

import { inspect } from 'node:util';

/**
 * What node:tls throws for an argument that cannot be used: the same class, code and beginning of the sentence, for programs
 * and their tests look at these.
 */

/** An error with a code, as Node makes them. */
export type Coded<E extends Error = Error> = E & { readonly code: string };

/** Gives an error its code, and what else belongs to it. */
export function coded<E extends Error>(error: E, code: string, more: object = {}): Coded<E> {
  return Object.assign(error, { code }, more);
}

/** A value of the wrong type. `expected` are names of types in lower case, and of classes. */
export function invalidType(name: string, expected: readonly string[], value: unknown): Coded<TypeError> {
  const types = expected.filter((one) => /^[a-z]/.test(one));
  const classes = expected.filter((one) => /^[A-Z]/.test(one));
  const parts = [
    ...(types.length > 0 ? [`${types.length > 1 ? 'one of type' : 'of type'} ${listed(types)}`] : []),
    ...(classes.length > 0 ? [`an instance of ${listed(classes)}`] : []),
  ];
  return coded(
    new TypeError(`The ${subject(name)} must be ${parts.join(' or ')}.${received(value)}`),
    'ERR_INVALID_ARG_TYPE',
  );
}

/** A value that is none of those that there are. */
export function invalidValue(name: string, value: unknown, why: string = 'is invalid'): Coded<TypeError> {
  const shown = inspect(value).slice(0, 128);
  return coded(
    new TypeError(`The ${name.includes('.') ? 'property' : 'argument'} '${name}' ${why}. Received ${shown}`),
    'ERR_INVALID_ARG_VALUE',
  );
}

/** A number outside its range. */
function outOfRange(name: string, range: string, value: unknown): Coded<RangeError> {
  return coded(
    new RangeError(`The value of "${name}" is out of range. It must be ${range}. Received ${inspect(value)}`),
    'ERR_OUT_OF_RANGE',
  );
}

/** @throws TypeError ERR_INVALID_ARG_TYPE */
export function checkString(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw invalidType(name, ['string'], value);
}

/** @throws TypeError ERR_INVALID_ARG_TYPE */
export function checkBoolean(value: unknown, name: string): asserts value is boolean {
  if (typeof value !== 'boolean') throw invalidType(name, ['boolean'], value);
}

/** @throws TypeError ERR_INVALID_ARG_TYPE */
export function checkFunction(value: unknown, name: string): asserts value is Callback {
  if (typeof value !== 'function') throw invalidType(name, ['function'], value);
}

/** @throws TypeError ERR_INVALID_ARG_TYPE */
export function checkObject(value: unknown, name: string): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidType(name, ['object'], value);
}

/** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
export function checkInteger(
  value: unknown,
  name: string,
  min: number,
  max: number = 2 ** 31 - 1,
): asserts value is number {
  if (typeof value !== 'number') throw invalidType(name, ['number'], value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < min || value > max) throw outOfRange(name, `>= ${min} && <= ${max}`, value);
}

/** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
export function checkNumber(value: unknown, name: string, min?: number): asserts value is number {
  if (typeof value !== 'number') throw invalidType(name, ['number'], value);
  if (Number.isNaN(value) || (min !== undefined && value < min))
    throw outOfRange(name, min === undefined ? 'a number' : `>= ${min}`, value);
}

/** @throws TypeError ERR_INVALID_ARG_TYPE */
export function checkView(value: unknown, name: string): asserts value is ArrayBufferView {
  if (!ArrayBuffer.isView(value)) throw invalidType(name, ['Buffer', 'TypedArray', 'DataView'], value);
}

/** Text or bytes of a key or certificate, as an option has them. @throws TypeError ERR_INVALID_ARG_TYPE */
export function checkFile(value: unknown, name: string): string | Uint8Array {
  if (typeof value === 'string') return value;
  if (ArrayBuffer.isView(value)) return viewBytes(value);
  throw invalidType(name, ['string', 'Buffer', 'TypedArray', 'DataView'], value);
}

/** The bytes that a view shows. */
export function viewBytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** A function of the program's, of which nothing is known yet. */
export type Callback = (...values: readonly unknown[]) => unknown;

/** An option of a bag of options, which may hold anything. */
export function option(options: object, name: string): unknown {
  // Options of node:tls may be inherited, of a class of the program; what was put on the prototype of all objects is none.
  for (let at: object | null = options; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
    if (Object.hasOwn(at, name)) return Reflect.get(options, name);
  return undefined;
}

/** A function among the options; undefined where there is none. @throws TypeError ERR_INVALID_ARG_TYPE */
export function functionOption(
  options: object,
  name: string,
  called: string = `options.${name}`,
): Callback | undefined {
  const value = option(options, name);
  if (value === undefined || value === null || value === false) return undefined;
  checkFunction(value, called);
  return value;
}

function subject(name: string): string {
  if (name.endsWith(' argument')) return name;
  return `"${name}" ${name.includes('.') ? 'property' : 'argument'}`;
}

function listed(names: readonly string[]): string {
  if (names.length < 3) return names.join(' or ');
  return `${names.slice(0, -1).join(', ')}, or ${names.at(-1)}`;
}

function received(value: unknown): string {
  if (value === null || value === undefined) return ` Received ${String(value)}`;
  if (typeof value === 'function') return ` Received function ${value.name}`;
  if (typeof value === 'object') {
    const name: unknown = value.constructor?.name;
    if (typeof name === 'string' && name !== '') return ` Received an instance of ${name}`;
    return ` Received ${inspect(value, { depth: -1 })}`;
  }
  const shown = inspect(value, { colors: false });
  return ` Received type ${typeof value} (${shown.length > 28 ? `${shown.slice(0, 25)}...` : shown})`;
}

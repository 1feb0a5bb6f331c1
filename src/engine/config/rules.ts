import { ownOf } from '../../bytes/shape.ts';
import { bytesOf } from '../../bytes/bytes.ts';
import { TlsError } from '../../errors.ts';

/**
 * How options are read. Each group of options is an interface, whose comments are the documentation, and a table with a
 * rule for each of its members, which the compiler holds complete: what is expected, how it is checked, and the default.
 * Options are own properties, read once; what is unknown is refused.
 */

/** What one option may be. */
export interface Rule<T> {
  /** What belongs here, as it is said in messages: "an integer from 64 to 16,384". */
  readonly expected: string;
  /** The value, checked and copied where the program could change it later. @throws TlsError ERR_OPTION. */
  read(value: unknown, option: string): T;
  /** Said when the option is left out although it is needed. */
  readonly required?: string;
}

/** A rule with a value for when the option is left out. */
export interface DefaultRule<T> extends Rule<T> {
  readonly otherwise: T;
  /** The default, as the documentation says it. */
  readonly otherwiseText: string;
}

type Given<T> = Exclude<T, undefined>;

/** A rule for each option of `O`. Those named in `M` may be missing; all others are required, or have a default. */
export type Rules<O, M extends keyof O> = {
  readonly [K in keyof O]-?: K extends M
    ? Rule<Given<O[K]>>
    : undefined extends O[K]
      ? DefaultRule<Given<O[K]>>
      : Rule<Given<O[K]>>;
};

/** Options after they were read: only those named in `M` may be missing. */
export type Filled<O, M extends keyof O> = { readonly [K in keyof O]-?: K extends M ? O[K] : Given<O[K]> };

/** What to say of an option that is not there, by its name: what other libraries call ours, mostly. */
export type Hints = { readonly [name: string]: string };

/**
 * Reads options by their rules.
 * @param within the name of the option that these options belong to; empty at the top.
 * @throws TlsError ERR_OPTION, naming the option, what was expected, what was found, and what to write instead.
 */
export function readOptions<O extends object, M extends keyof O>(
  options: unknown,
  rules: Rules<O, M>,
  hints: Hints = {},
  within: string = '',
): Filled<O, M> {
  const path = (name: string): string => (within === '' ? name : `${within}.${name}`);
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw unsuitable(within === '' ? 'options' : within, 'an object with options', options);
  const names = Object.keys(rules);
  for (const name of Object.keys(options))
    if (!Object.hasOwn(rules, name)) throw unknownOption(path(name), name, names, hints);
  // Without a prototype: what was put on that of all objects, even read-only, is not in the way.
  const read: Record<string, unknown> = Object.create(null);
  for (const name of names) {
    const rule: Rule<unknown> & Partial<DefaultRule<unknown>> = ownOf(Reflect.get(rules, name));
    // Own properties only: what was put on Object.prototype is no option.
    const value: unknown = Object.hasOwn(options, name) ? Reflect.get(options, name) : undefined;
    if (value !== undefined) read[name] = rule.read(value, path(name));
    else if (rule.required !== undefined) throw optionError(path(name), rule.required);
    else read[name] = rule.otherwise;
  }
  return read as Filled<O, M>;
}

/** An error about an option. `what` says what is wrong and what to write instead. */
export function optionError(option: string, what: string, cause?: unknown): TlsError {
  return new TlsError('ERR_OPTION', { detail: `${option}: ${what}`, ...(cause !== undefined && { cause }) });
}

/** An option that is not what was expected. */
export function unsuitable(option: string, expected: string, found: unknown, advice: string = ''): TlsError {
  return optionError(option, `expected ${expected}, found ${describe(found)}${advice === '' ? '' : `; ${advice}`}`);
}

/** What a value is, for a message. Never what is in bytes or objects: these can be secrets. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > 60
        ? `${JSON.stringify(value.slice(0, 60))} … (${value.length} characters)`
        : JSON.stringify(value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'bigint':
      return `${value}n`;
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    default:
      break;
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  try {
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `${value.byteLength} bytes`;
    if (typeof Reflect.get(Object(value), 'then') === 'function') return 'a promise (await it first)';
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
    return typeof name === 'string' && name !== 'Object' && name !== '' ? `an object (${name})` : 'an object';
  } catch {
    return 'an object that throws when it is looked at';
  }
}

// ── rules ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The same rule, with a default. */
export function or<T>(rule: Rule<T>, otherwise: T, text: string = describe(otherwise)): DefaultRule<T> {
  return { ...rule, otherwise, otherwiseText: text };
}

/** The same rule, for an option that has to be there. */
export function required<T>(rule: Rule<T>, why: string): Rule<T> {
  return { ...rule, required: why };
}

/** A rule by a test: true, or what is wrong. */
export function rule<T>(expected: string, is: (value: unknown) => value is T): Rule<T> {
  return {
    expected,
    read: (value, option) => {
      if (!is(value)) throw unsuitable(option, expected, value);
      return value;
    },
  };
}

export function flag(otherwise: boolean): DefaultRule<boolean> {
  return or(
    rule('true or false', (value) => typeof value === 'boolean'),
    otherwise,
  );
}

export function integer(min: number, max: number, unit: string = ''): Rule<number> {
  const expected = `an integer from ${grouped(min)} to ${grouped(max)}${unit === '' ? '' : ` ${unit}`}`;
  return rule(
    expected,
    (value): value is number => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
  );
}

export function oneOf<const T extends string | number>(...values: readonly T[]): Rule<T> {
  const expected = `one of ${values.map((value) => (typeof value === 'string' ? `'${value}'` : value)).join(', ')}`;
  return {
    expected,
    read: (value, option) => {
      const found = values.find((one) => one === value);
      if (found !== undefined) return found;
      const near = typeof value === 'string' ? nearest(value, values.map(String)) : undefined;
      throw unsuitable(option, expected, value, near === undefined ? '' : `write '${near}'`);
    },
  };
}

/** A function of the program. What it is called with is for the compiler to check. */
export function callback<T>(expected: string = 'a function'): Rule<T> {
  return rule(expected, (value): value is T => typeof value === 'function');
}

/** An object that has these methods: a store, a verifier, a provider. */
export function withMethods<T>(what: string, ...methods: readonly (keyof T & string)[]): Rule<T> {
  const expected = `${what} (an object with ${methods.map((name) => `${name}()`).join(', ')})`;
  return rule(
    expected,
    (value): value is T =>
      typeof value === 'object' &&
      value !== null &&
      methods.every((name) => typeof Reflect.get(value, name) === 'function'),
  );
}

export function text(expected: string, fits: (value: string) => boolean = () => true): Rule<string> {
  return rule(expected, (value): value is string => typeof value === 'string' && fits(value));
}

/** Bytes, in any view or buffer. They are not copied. */
export function bytes(min: number = 0, max: number = Number.MAX_SAFE_INTEGER): Rule<Uint8Array> {
  const size = max === Number.MAX_SAFE_INTEGER ? `at least ${grouped(min)}` : `${grouped(min)} to ${grouped(max)}`;
  const expected = min === 0 && max === Number.MAX_SAFE_INTEGER ? 'bytes (Uint8Array)' : `${size} bytes (Uint8Array)`;
  return {
    expected,
    read: (value, option) => {
      const view = bytesOf(value);
      if (view === undefined || view.length < min || view.length > max) throw unsuitable(option, expected, value);
      return view;
    },
  };
}

export function list<T>(member: Rule<T>, min: number = 0): Rule<readonly T[]> {
  const expected = `${min > 0 ? 'a list that is not empty, each' : 'a list, each'} ${member.expected}`;
  return {
    expected,
    read: (value, option) => {
      if (!Array.isArray(value) || value.length < min)
        throw unsuitable(option, expected, value, typeof value === 'string' ? 'write a list: […]' : '');
      return value.map((one: unknown, index) => member.read(one, `${option}[${index}]`));
    },
  };
}

/** Options within an option. */
export function group<O extends object, M extends keyof O>(rules: Rules<O, M>, hints: Hints = {}): Rule<Filled<O, M>> {
  return {
    expected: `an object with ${Object.keys(rules).join(', ')}`,
    read: (value, option) => readOptions(value, rules, hints, option),
  };
}

// ── names ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What to say of an option that is not there: what it is called here, the name that was probably meant, or all names. */
export function unknownOption(path: string, name: string, known: readonly string[], hints: Hints): TlsError {
  // MinVersion, min_version and minVersion are one name to those who come from elsewhere.
  const hint =
    Object.keys(hints).find((one) => one === name) ?? Object.keys(hints).find((one) => plain(one) === plain(name));
  const near = nearest(name, known);
  if (hint !== undefined && (near === undefined || plain(near) !== plain(name)))
    return optionError(path, `there is no such option; ${hints[hint]}`);
  return optionError(
    path,
    near === undefined
      ? `there is no such option; the options are ${[...new Set(known)].sort().join(', ')}`
      : `there is no such option; write ${near}`,
  );
}

/** The name that was probably meant: the same but for case and punctuation, or two letters off. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const same = known.find((one) => plain(one) === plain(name));
  if (same !== undefined) return same;
  let best: string | undefined;
  let distance = Math.min(2, Math.floor(name.length / 3)) + 1;
  for (const one of known) {
    const next = name.length > 64 ? distance : editDistance(plain(name), plain(one));
    if (next < distance) [best, distance] = [one, next];
  }
  return best;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Letters to add, take away or change (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

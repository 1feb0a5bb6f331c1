import { dirname, resolve } from 'node:path';
import { nearest } from '../../engine/config/rules.ts';
import { TlsError } from '../../errors.ts';
import type { Given, Option } from '../command.ts';
import { Failure, usage } from '../failure.ts';
import type { AnyDeclarations, Declaration, Declarations } from './declare.ts';
import { memberPath, type Place, readPlacedJson } from './json.ts';
import type { Snapshot } from './snapshot.ts';

/** Flags and config files, read by the same declarations. */

const MAX_CONFIG = 1_048_576;

/** The flags of a set of declarations. */
export function flagsOf(declarations: AnyDeclarations): { readonly [name: string]: Option } {
  const flags = Object.entries(declarations)
    .filter(([, { form }]) => form !== 'object')
    .map(([name, { form, value, help, otherwiseText, words }]): [string, Option] => [
      name,
      {
        type: form === 'flag' ? 'boolean' : 'string',
        ...(words !== undefined && { words }),
        ...(form === 'texts' && { multiple: true }),
        ...(form !== 'flag' && { value }),
        help: form === 'flag' ? help : `${help} (default: ${otherwiseText})`,
      },
    ]);
  return Object.fromEntries(flags);
}

/** What was given as flags, in the form of a config file. */
export function givenValues(given: Given, declarations: AnyDeclarations): { readonly [name: string]: unknown } {
  const values: [string, unknown][] = [];
  for (const [name, { form }] of Object.entries(declarations)) {
    if (form === 'flag' && given.has(name)) values.push([name, true]);
    const texts = form === 'flag' || form === 'object' ? [] : given.texts(name);
    if (form === 'texts' && texts.length > 0) values.push([name, texts.flatMap((text) => splitList(name, text))]);
    if ((form === 'text' || form === 'number') && texts[0] !== undefined) values.push([name, texts[0]]);
  }
  return Object.fromEntries(values);
}

/** Words and addresses may stand in one flag, with commas; what can have a comma in it may not. */
function splitList(name: string, text: string): readonly string[] {
  return COMMAS.includes(name) ? text.split(',').map((part) => part.trim()) : [text];
}

const COMMAS: readonly string[] = [
  'address',
  'to',
  'alpn',
  'versions',
  'suites',
  'groups',
  'client-headers',
  'proxy-from',
  'trust-forwarded',
  'revocation-hosts',
  'origin',
  'target',
];

/** A source of options: flags, or an object of a config file. */
export interface Source {
  readonly values: { readonly [name: string]: unknown };
  /** Says where an option stands, for a message. */
  where(path: string): string;
  /** What stands before the names of options: `listeners[0]`. */
  readonly path: string;
  /** The folder that names of files are relative to; undefined: that of the process. */
  readonly folder: string | undefined;
}

/** A config file: an object, with line and column of everything in it. @throws Failure */
export function readConfig(file: string, files: Snapshot): Source {
  const bytes = files.read(file);
  if (bytes.length > MAX_CONFIG) throw new Failure(`${file}: it has more than ${MAX_CONFIG} bytes`);
  const text = new TextDecoder().decode(bytes);
  const { value, places } = readPlacedJson(text, file);
  const where = (at: string): string => {
    const place = placeOf(at, places);
    return place === undefined ? `${file}: ` : `${file}:${place.line}:${place.column}: `;
  };
  if (!isObject(value)) throw usage(`${where('')}an object with options is expected`);
  return { values: withoutComments(value), where, path: '', folder: dirname(files.locate(file)) };
}

export function sourceOfFlags(values: { readonly [name: string]: unknown }): Source {
  return { values, where: () => '', path: '', folder: undefined };
}

/** An object within a config file, as a source of its own. @throws Failure */
export function sourceWithin(source: Source, name: string, value: unknown): Source {
  const path = source.path === '' ? name : `${source.path}.${name}`;
  if (!isObject(value)) throw usage(`${source.where(path)}${path}: an object with options is expected`);
  return { ...source, values: withoutComments(value), path };
}

/**
 * Reads options from several sources: what a later one says takes the place of what an earlier one does.
 * @throws Failure with where it stands, what was expected and what was found.
 */
export function readSettings<S extends object>(
  declarations: Declarations<S>,
  sources: readonly Source[],
  elsewhere: readonly string[] = [],
): S {
  const all: AnyDeclarations = { ...Object.fromEntries(Object.entries<Declaration<unknown>>(declarations)) };
  const read: Record<string, unknown> = Object.create(null);
  for (const [name, { otherwise }] of Object.entries(all)) read[name] = otherwise;
  for (const source of sources) {
    for (const [name, value] of Object.entries(source.values)) {
      if (elsewhere.includes(name)) continue;
      const declaration = Object.hasOwn(all, name) ? all[name] : undefined;
      const path = source.path === '' ? memberPath('', name) : memberPath(source.path, name);
      if (declaration === undefined) throw unknownName(source, path, name, [...Object.keys(all), ...elsewhere]);
      try {
        read[name] = declaration.rule.read(relocated(value, source.folder, declaration), path);
      } catch (error) {
        throw placed(source, error);
      }
    }
  }
  return filled(read, declarations);
}

/** The names that some source says something about. */
export function namesGiven(sources: readonly Source[]): ReadonlySet<string> {
  return new Set(sources.flatMap(({ values }) => Object.keys(values)));
}

function filled<S extends object>(read: Record<string, unknown>, declarations: Declarations<S>): S {
  const isComplete = (value: object): value is S => Object.keys(declarations).every((name) => name in value);
  if (!isComplete(read)) throw new Failure('the options are not complete');
  return read;
}

/** `DOMAIN=FILE` too. */
function relocated(
  value: unknown,
  folder: string | undefined,
  declaration: Pick<Declaration<unknown>, 'isFile' | 'noFiles'>,
): unknown {
  if (folder === undefined || !declaration.isFile) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => relocated(one, folder, declaration));
  if (typeof value !== 'string' || value === '' || declaration.noFiles.includes(value)) return value;
  const [, domain, name] = /^([a-z0-9._-]+=)(.+)$/.exec(value) ?? [];
  return domain === undefined || name === undefined ? resolve(folder, value) : `${domain}${resolve(folder, name)}`;
}

function unknownName(source: Source, path: string, name: string, known: readonly string[]): Failure {
  const near = nearest(name, known);
  const advice = near === undefined ? `there are ${[...known].sort().join(', ')}` : `write ${near}`;
  return usage(`${source.where(path)}${path}: there is no such option; ${advice}`);
}

function placed(source: Source, error: unknown): unknown {
  if (!(error instanceof TlsError) || error.code !== 'ERR_OPTION') return error;
  const detail = error.message.replace(/^ERR_OPTION: an option cannot be used: /, '');
  const path = /^(\S+?): /.exec(detail)?.[1] ?? '';
  const place = source.where(path);
  return usage(place === '' ? `--${detail}` : `${place}${detail}`);
}

/** That of the path, or of the nearest thing around it. */
function placeOf(path: string, places: ReadonlyMap<string, Place>): Place | undefined {
  for (let at = path; at !== ''; at = at.replace(/(\.[^.[\]]+|\[\d+\]|^[^.[\]]+)$/, '')) {
    const place = places.get(at);
    if (place !== undefined) return place;
    if (!/(\.[^.[\]]+|\[\d+\]|^[^.[\]]+)$/.test(at)) break;
  }
  return places.get('');
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `$schema` and `$comment` are for editors and people. */
function withoutComments(value: { readonly [name: string]: unknown }): { readonly [name: string]: unknown } {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== '$schema' && name !== '$comment'));
}

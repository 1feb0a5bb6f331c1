/**
 * Puts `warifu/tls` and `warifu/https` in the place of node:tls and node:https, for a program and all that it depends on:
 *
 * ```sh
 * node --import warifu/register app.js
 * ```
 *
 * What Node itself is made of (`fetch`, `http2.connect` without `createConnection`) keeps its own.
 * @module
 */
import * as nodeModule from 'node:module';
import tls from '../tls/index.ts';
import https from './index.ts';

/** Where the modules that are made here find what they stand for. */
const PLACE = 'warifu/register';
const REPLACED: { readonly [specifier: string]: object } = {
  tls,
  'node:tls': tls,
  https,
  'node:https': https,
};

/** What is replaced, by the names that programs import. */
export const replaced: readonly string[] = Object.keys(REPLACED);

Reflect.set(globalThis, Symbol.for(PLACE), REPLACED);

const registerHooks: unknown = Reflect.get(nodeModule, 'registerHooks');
if (typeof registerHooks === 'function') {
  Reflect.apply(registerHooks, nodeModule, [
    {
      resolve(specifier: string, context: unknown, next: (specifier: string, context: unknown) => unknown) {
        if (!Object.hasOwn(REPLACED, specifier)) return next(specifier, context);
        return { url: `warifu:${specifier}`, format: 'module', shortCircuit: true };
      },
      load(url: string, context: unknown, next: (url: string, context: unknown) => unknown) {
        const source = sourceOf(url);
        return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true };
      },
    },
  ]);
} else {
  // Before Node 22.15: `require` by its loader, `import` by hooks in a thread of their own.
  const loader: object = nodeModule.Module;
  const load: unknown = Reflect.get(loader, '_load');
  if (typeof load === 'function')
    Reflect.set(loader, '_load', (specifier: string, ...rest: readonly unknown[]): unknown =>
      Object.hasOwn(REPLACED, specifier) ? REPLACED[specifier] : Reflect.apply(load, loader, [specifier, ...rest]),
    );
  nodeModule.register(`data:text/javascript,${encodeURIComponent(threadHooks())}`);
}

/** A module that hands on what stands here, its names included. */
function sourceOf(url: string): string | undefined {
  const specifier = url.startsWith('warifu:') ? url.slice('warifu:'.length) : '';
  if (!Object.hasOwn(REPLACED, specifier)) return undefined;
  const names = Object.keys(REPLACED[specifier] ?? {});
  return [
    `const whole = globalThis[Symbol.for(${JSON.stringify(PLACE)})][${JSON.stringify(specifier)}];`,
    'export default whole;',
    "export { whole as 'module.exports' };",
    ...names.map((name) => `export const ${name} = whole.${name};`),
  ].join('\n');
}

function threadHooks(): string {
  const sources = Object.keys(REPLACED).map((name) => [`warifu:${name}`, sourceOf(`warifu:${name}`)]);
  return `
const sources = new Map(${JSON.stringify(sources)});
export async function resolve(specifier, context, next) {
  const url = 'warifu:' + specifier;
  return sources.has(url) ? { url, format: 'module', shortCircuit: true } : next(specifier, context);
}
export async function load(url, context, next) {
  const source = sources.get(url);
  return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true };
}`;
}

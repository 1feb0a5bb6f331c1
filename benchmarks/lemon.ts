import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type * as tls from 'node:tls';
import type { Contender } from './contender.ts';
import { likeNode } from './node-tls.ts';

/** lemon-tls has the interface of node:tls. Undefined where it is not installed (`npm ci` in this folder). */
export async function lemonTls(): Promise<Contender | undefined> {
  const file = join(import.meta.dirname, 'node_modules/lemon-tls/index.js');
  if (!existsSync(file)) return undefined;
  const module = (await import(file)) as { readonly default?: typeof tls } & typeof tls;
  return likeNode('lemon-tls', module.default ?? module);
}

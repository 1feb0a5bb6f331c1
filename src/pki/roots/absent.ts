import { TlsError } from '../../errors.ts';
import type { SystemRoots } from './system.ts';

/** What bundles for browsers have in place of the reader of a machine's roots: the field `browser` in package.json. */

/** @throws TlsError ERR_OPTION: a page cannot read them. */
export function systemRoots(): SystemRoots {
  throw new TlsError('ERR_OPTION', {
    detail:
      "anchors: 'system' is for runtimes that can read the roots of their machine, as pages cannot: give certificates",
  });
}

/** Distinguished names: the same, or one below the other (BoringSSL's verify_name_match)? */
import { matchDistinguishedNames } from '../../src/pki/index.ts';
import { decode, type Row, rowsOf } from './row.ts';

interface NameMatch {
  readonly tests: readonly {
    readonly id: string;
    readonly op: 'match' | 'inSubtree';
    readonly a: string;
    readonly b: string;
    readonly expected: boolean;
  }[];
  readonly names: { readonly [key: string]: string };
}

export async function run(contents: string): Promise<readonly Row[]> {
  const { tests, names } = JSON.parse(contents) as NameMatch;
  const named = (key: string): Uint8Array => {
    if (names[key] === undefined) throw new Error(`the suite has no ${key}`);
    return decode(names[key]);
  };
  return rowsOf(
    tests,
    ({ expected }) => String(expected),
    ({ a, b, op }) => {
      if (op !== 'match' && op !== 'inSubtree') throw new Error(`an operation that is not known: ${op}`);
      return { found: String(matchDistinguishedNames(named(a), named(b), op === 'match' ? 'same' : 'subtree')) };
    },
  );
}

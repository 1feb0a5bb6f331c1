/** Names of hosts and constraints of names, as bare strings (rustls-webpki, Go). */
import {
  compareDns,
  compareDnsConstraint,
  compareIpConstraint,
  type Comparison,
  isReferenceName,
} from '../../src/pki/index.ts';
import { type Answer, type Row, rowsOf } from './row.ts';

interface NamesCase {
  readonly id: string;
  readonly kind: string;
  readonly presented?: string;
  readonly reference?: string;
  readonly constraint?: string;
  readonly mask?: string;
  readonly host?: string;
  readonly valid_input?: boolean;
  readonly valid_pattern?: boolean;
  readonly expected: boolean;
  readonly disputed?: boolean;
}

export async function run(contents: string): Promise<readonly Row[]> {
  return rowsOf((JSON.parse(contents) as { readonly tests: readonly NamesCase[] }).tests, expectedOf, judge);
}

/** Where the sources disagree, it is no match: RFC 9525 is behind the stricter one. */
function expectedOf(test: NamesCase): string {
  if (test.kind === 'valid-hostname') return fitness(test.valid_input, test.valid_pattern);
  return String(test.expected && test.disputed !== true);
}

function judge(test: NamesCase): Answer {
  const presented = test.presented ?? '';
  const constraint = test.constraint ?? '';
  switch (test.kind) {
    case 'dns-reference':
      return answer(compareDns(presented, test.reference ?? ''));
    case 'dns-permitted':
    case 'dns-permitted-wildcard':
      return answer(compareDnsConstraint(presented, constraint, 'permitted'));
    case 'dns-excluded':
    case 'dns-excluded-wildcard':
      return answer(compareDnsConstraint(presented, constraint, 'excluded'));
    case 'ip-constraint':
      return answer(compareIpConstraint(presented, constraint, test.mask ?? ''));
    case 'valid-hostname':
      return {
        found: fitness(isReferenceName(test.host ?? ''), compareDns(test.host ?? '', 'example.com') !== 'malformed'),
      };
    default:
      throw new Error(`a kind that is not known: ${test.kind}`);
  }
}

function answer(comparison: Comparison): Answer {
  return { found: String(comparison === 'match'), note: comparison };
}

/** Whether it can be asked for, and whether it can stand in a certificate. */
function fitness(input: boolean | undefined, pattern: boolean | undefined): string {
  return `${input === true && pattern === true} (asked for ${input}, in a certificate ${pattern})`;
}

/** Every suite that is known, by the name of its file, with what it is run through. */
import type { SignatureVerifier } from '../../src/crypto/types.ts';
import * as bettertls from './bettertls.ts';
import * as certParse from './cert-parse.ts';
import * as chain from './chain.ts';
import * as crl from './crl.ts';
import * as limbo from './limbo.ts';
import * as nameMatch from './name-match.ts';
import * as names from './names.ts';
import * as nc from './nc.ts';
import * as ocsp from './ocsp.ts';
import * as pkits from './pkits.ts';
import { FAILED, type Row, SKIPPED } from './row.ts';
import * as signedData from './signed-data.ts';
import * as wycheproof from './wycheproof.ts';

/** `signatures` is asked about signatures on certificates; by default what the runtime has. */
export type Run = (contents: string, signatures?: SignatureVerifier) => Promise<readonly Row[]>;

/** The rows of each file: what they are called, and how they are come by. */
export const SUITES: { readonly [file: string]: readonly (readonly [name: string, run: Run])[] } = {
  bettertls: [['bettertls', bettertls.run]],
  limbo: [
    ['limbo', limbo.run],
    ['limbo (default profile)', limbo.runDefault],
    ['limbo (online, in each)', limbo.runOnline],
  ],
  pkits: [['pkits', pkits.run]],
  chain: [['chain', chain.run]],
  crl: [['crl', crl.run]],
  ocsp: [['ocsp', ocsp.run]],
  'signed-data': [['signed-data', signedData.run]],
  'cert-parse': [['cert-parse', certParse.run]],
  'name-match': [['name-match', nameMatch.run]],
  names: [['names', names.run]],
  nc: [['nc', nc.run]],
};

/** What to run for a file of this name, without its ending; undefined: nothing here knows it. */
export function runsOf(file: string): (typeof SUITES)[string] | undefined {
  if (Object.hasOwn(SUITES, file)) return SUITES[file];
  return wycheproof.isSignatureFile(file) ? [[file, wycheproof.run]] : undefined;
}

/** What came of a case that was not answered as expected: who says yes where no is right lets strangers in. */
export type Deviation = 'accepted' | 'refused' | 'failed' | 'skipped';

/** Undefined: as expected. */
export function deviation({ expected, found }: Row): Deviation | undefined {
  if (found === SKIPPED) return 'skipped';
  if (found === FAILED) return 'failed';
  if (expected === found) return undefined;
  if (isYes(expected) === isYes(found)) return 'failed';
  return isYes(found) ? 'accepted' : 'refused';
}

function isYes(answer: string): boolean {
  return YES.includes(answer.split(' ')[0]!);
}

const YES: readonly string[] = ['SUCCESS', 'GOOD', 'true'];

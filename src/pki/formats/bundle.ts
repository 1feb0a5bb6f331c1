import { ownOf } from '../../bytes/shape.ts';
import { DerError } from '../../bytes/der.ts';
import { TlsError } from '../../errors.ts';
import type { PasswordOptions } from './containers/password-based.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { type FilePart, type FileProblem, type FileSource, type PartKind, readParts } from '../x509/file-parts.ts';
import { runSteps, type Steps, wait } from '../x509/steps.ts';
import { type PrivateKeyFile, readPrivateKey } from './private-key.ts';

/** Everything that was found in some files. */
export interface Bundle {
  readonly certificates: readonly Certificate[];
  readonly keys: readonly PrivateKeyFile[];
  /** What could not be read, or is worth a word. */
  readonly problems: readonly FileProblem[];
}

/** How files are opened. */
export interface BundleOptions {
  /** Of an encrypted key or a PKCS#12 file; one without a password is opened without. */
  readonly password?: string | undefined;
  /** Opens also what is encrypted with Triple DES, RC2, or by way of SHA-1 or MD5. Default: false. */
  readonly allowLegacy?: boolean | undefined;
  /** Most rounds of one key derivation; a file may ask for four times as many in all. Default: 2,000,000. */
  readonly maxIterations?: number | undefined;
  /** One block of PEM that cannot be read is an error. Default: it is a problem, as long as others can be read. */
  readonly strict?: boolean | undefined;
  /** A PKCS#12 file without a MAC, of which nothing shows whether it was changed, is an error. Default: a problem. */
  readonly requireMac?: boolean | undefined;
}

const KINDS: readonly PartKind[] = ['certificate', 'private-key', 'encrypted-key', 'pkcs7', 'pkcs12'];
const KEY_KINDS: readonly PartKind[] = ['private-key', 'encrypted-key', 'pkcs12', 'certificate', 'pkcs7'];

/**
 * Reads files of any known kind. What opens protected files is loaded only when there is one.
 * @param what the option that was given, for errors.
 * @throws TlsError ERR_KEY when a part cannot be read, saying what the file is instead and what to do; ERR_PASSWORD when
 * the password is missing or wrong; ERR_LIMIT when a file asks for more work than it may; ERR_OPTION for what is no file.
 */
export async function readBundle(
  source: FileSource,
  options: BundleOptions,
  what: 'certificates' | 'privateKey' = 'certificates',
): Promise<Bundle> {
  return await runSteps(bundleSteps(source, options, what));
}

/** The same as steps: nothing waits where no file is protected or a container. */
export function* bundleSteps(
  source: FileSource,
  options: BundleOptions,
  what: 'certificates' | 'privateKey' = 'certificates',
): Steps<Bundle> {
  options = ownOf(options);
  const certificates: Certificate[] = [];
  const keys: PrivateKeyFile[] = [];
  const problems: FileProblem[] = [];
  const kinds = what === 'privateKey' ? KEY_KINDS : KINDS;
  const parts = readParts(source, {
    what,
    kinds,
    strict: options.strict,
    onProblem: (problem) => problems.push(problem),
  });
  const addCertificate = (der: Uint8Array): void => {
    certificates.push(parse(der, certificates.length));
  };
  for (const part of parts) {
    switch (part.kind) {
      case 'certificate':
        // In a PEM text with others, one that cannot be read is left out like a block that is no base64.
        if (part.label === undefined || parts.length === 1 || options.strict === true) addCertificate(part.der);
        else tryPart(part, what, problems, () => addCertificate(part.der));
        break;
      case 'pkcs7': {
        const { readPkcs7 } = yield* wait(import('./containers/pkcs7.ts'));
        readPkcs7(part.der).forEach(addCertificate);
        break;
      }
      case 'pkcs12': {
        const { readPkcs12 } = yield* wait(import('./containers/pkcs12.ts'));
        const { password: _, ...limits } = protection({ ...options, password: options.password ?? '' });
        const opening = readPkcs12(part.der, {
          ...limits,
          ...(options.password !== undefined && { password: options.password }),
          requireMac: options.requireMac ?? false,
        });
        const contents = yield* wait(opening);
        contents.certificates.forEach(addCertificate);
        keys.push(...contents.privateKeys.map((der) => readPrivateKey(der, 'PRIVATE KEY')));
        if (!contents.hasMac)
          problems.push({
            code: 'NO_MAC',
            message: `${what}: the PKCS#12 file has no MAC: nothing shows whether it was changed`,
          });
        break;
      }
      default:
        keys.push(yield* readKey(part, options));
    }
  }
  if (certificates.length + keys.length === 0 && problems[0] !== undefined)
    throw new TlsError('ERR_KEY', { detail: problems[0].message });
  return { certificates, keys, problems };
}

function tryPart({ where }: FilePart, what: string, problems: FileProblem[], read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    problems.push({ code: 'BAD_BLOCK', message: `${what}: ${where}: ${error.message}` });
  }
}

function* readKey(part: FilePart, options: BundleOptions): Steps<PrivateKeyFile> {
  if (part.kind === 'encrypted-key') {
    const { decryptPkcs8 } = yield* wait(import('./containers/pkcs8.ts'));
    return readPrivateKey(yield* wait(decryptPkcs8(part.der, protection(options))), 'PRIVATE KEY');
  }
  if (part.headers.some((header) => header.includes('ENCRYPTED'))) {
    const { decryptLegacyPem } = yield* wait(import('./containers/legacy-pem.ts'));
    const der = decryptLegacyPem(
      { label: part.label ?? '', der: part.der, headers: part.headers },
      protection(options),
    );
    return readPrivateKey(der, part.label);
  }
  return readPrivateKey(part.der, part.label);
}

function protection(options: BundleOptions): PasswordOptions {
  const { password, allowLegacy, maxIterations } = ownOf(options);
  if (password === undefined)
    throw new TlsError('ERR_PASSWORD', { detail: 'the file is protected, and no password was given' });
  return { password, allowLegacy: allowLegacy ?? false, ...(maxIterations !== undefined && { maxIterations }) };
}

function parse(der: Uint8Array, index: number): Certificate {
  try {
    return readCertificate(der);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new TlsError('ERR_KEY', { detail: `certificate ${index} cannot be read: ${error.message}`, cause: error });
  }
}

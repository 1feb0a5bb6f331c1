import { DerError } from '../../bytes/der.ts';
import { TlsError } from '../../errors.ts';
import type { PasswordOptions } from './containers/password-based.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { type PrivateKeyFile, readPrivateKey } from './private-key.ts';
import { type FilePart, partsOf } from './sniff.ts';

/** Everything that was found in some files. */
export interface Bundle {
  readonly certificates: readonly Certificate[];
  readonly keys: readonly PrivateKeyFile[];
}

export interface BundleOptions {
  readonly password?: string | undefined;
  readonly allowLegacy?: boolean | undefined;
  readonly maxIterations?: number | undefined;
}

/**
 * Reads files of any known kind. What opens protected files is loaded only when there is one.
 * @throws TlsError ERR_KEY when a part cannot be read, ERR_PASSWORD when the password is missing or wrong.
 */
export async function readBundle(
  source: string | Uint8Array | readonly (string | Uint8Array)[],
  options: BundleOptions,
): Promise<Bundle> {
  const files = typeof source === 'string' || source instanceof Uint8Array ? [source] : source;
  const certificates: Certificate[] = [];
  const keys: PrivateKeyFile[] = [];
  const addCertificate = (der: Uint8Array): void => {
    certificates.push(parse(der, certificates.length));
  };
  for (const part of files.flatMap(partsOf)) {
    switch (part.kind) {
      case 'certificate':
        addCertificate(part.der);
        break;
      case 'pkcs7': {
        const { readPkcs7 } = await import('./containers/pkcs7.ts');
        readPkcs7(part.der).forEach(addCertificate);
        break;
      }
      case 'pkcs12': {
        const { readPkcs12 } = await import('./containers/pkcs12.ts');
        const contents = await readPkcs12(part.der, protection(options));
        contents.certificates.forEach(addCertificate);
        keys.push(...contents.privateKeys.map((der) => readPrivateKey(der, 'PRIVATE KEY')));
        break;
      }
      default:
        keys.push(await readKey(part, options));
    }
  }
  return { certificates, keys };
}

async function readKey(part: FilePart, options: BundleOptions): Promise<PrivateKeyFile> {
  if (part.kind === 'encrypted-key') {
    const { decryptPkcs8 } = await import('./containers/pkcs8.ts');
    return readPrivateKey(await decryptPkcs8(part.der, protection(options)), 'PRIVATE KEY');
  }
  if (part.headers.some((header) => header.includes('ENCRYPTED'))) {
    const { decryptLegacyPem } = await import('./containers/legacy-pem.ts');
    const der = decryptLegacyPem(
      { label: part.label ?? '', der: part.der, headers: part.headers },
      protection(options),
    );
    return readPrivateKey(der, part.label);
  }
  return readPrivateKey(part.der, part.label);
}

function protection({ password, allowLegacy, maxIterations }: BundleOptions): PasswordOptions {
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

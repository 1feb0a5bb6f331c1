import { type BundleOptions, readBundle } from './bundle.ts';
import { nameText } from '../x509/general-name-text.ts';
import { writePem } from '../x509/pem.ts';
import { privateKeyToPem } from './private-key.ts';

/**
 * Everything in some files as one PEM text: certificates in the order of the files, each under its subject and issuer, then
 * the private keys as PKCS#8, **not encrypted**. From PEM, DER, PKCS#7, PKCS#12, encrypted keys.
 * @throws TlsError ERR_KEY when a part cannot be read, ERR_PASSWORD when the password is missing or wrong.
 *
 * @example
 * ```ts
 * import { toPem } from 'warifu/pki';
 * const text = await toPem(`-----BEGIN PRIVATE KEY-----
 * MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
 * -----END PRIVATE KEY-----`);
 * text.startsWith('-----BEGIN PRIVATE KEY-----'); // true
 * ```
 */
export async function toPem(
  files: string | Uint8Array | readonly (string | Uint8Array)[],
  options: BundleOptions = {},
): Promise<string> {
  const { certificates, keys } = await readBundle(files, options);
  return [
    ...certificates.map(
      ({ subject, issuer, der }) =>
        `${nameText(subject)}\nissued by ${nameText(issuer)}\n${writePem('CERTIFICATE', der)}`,
    ),
    ...keys.map(({ key, publicBytes }) =>
      privateKeyToPem(
        key,
        key.kind === 'ec' && publicBytes?.[0] === 4
          ? { kind: key.kind, curve: key.curve, point: publicBytes }
          : undefined,
      ),
    ),
  ].join('\n');
}

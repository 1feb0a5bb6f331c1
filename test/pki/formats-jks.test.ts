import { afterAll, describe, expect, it } from 'vitest';
import { TlsError } from '../../src/errors.ts';
import { readJks, writeJksTrustStore } from '../../src/pki/formats/containers/jks.ts';
import { createAuthority, generateKeyPair } from '../../src/pki/issue/index.ts';
import { isInstalled } from '../support/child.ts';
import { Folder, mustRun } from '../support/programs.ts';

/** Key stores of Java in the old form, by us and by keytool. */

const folder = new Folder();
afterAll(() => folder.remove());

const code = (run: () => unknown): string => {
  try {
    run();
    return 'none';
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return error.code;
  }
};

describe('JKS', () => {
  it('there and back, and nothing that was changed is taken', async () => {
    const root = await createAuthority({ subject: 'Store Root' });
    const other = await createAuthority({ subject: 'Other Root' });
    const file = writeJksTrustStore(
      [
        { certificate: root.certificate.der, friendlyName: 'Root' },
        { certificate: other.certificate.der, friendlyName: 'other' },
      ],
      { password: 'changeit' },
    );
    const { entries, isVerified } = readJks(file, { password: 'changeit' });
    expect(isVerified).toBe(true);
    expect(entries).toEqual([
      { name: 'root', certificates: [root.certificate.der] },
      { name: 'other', certificates: [other.certificate.der] },
    ]);
    expect(readJks(file)).toEqual({ entries, isVerified: false });
    expect(code(() => readJks(file, { password: 'another' }))).toBe('ERR_PASSWORD');
    for (let at = 0; at < file.length; at += 7) {
      const changed = file.slice();
      changed[at]! ^= 1;
      expect(code(() => readJks(changed, { password: 'changeit' }))).toMatch(/ERR_PASSWORD|ERR_KEY/);
      expect(code(() => readJks(changed))).toMatch(/none|ERR_KEY|ERR_PASSWORD/);
      expect(code(() => readJks(file.subarray(0, at)))).toBe('ERR_KEY');
    }
    // A number of entries that cannot be.
    const many = file.slice();
    many.set([0xff, 0xff, 0xff, 0xff], 8);
    expect(code(() => readJks(many))).toBe('ERR_KEY');
    const twice = [root, root].map(({ certificate: { der } }, i) => ({
      certificate: der,
      friendlyName: ['A', 'a'][i]!,
    }));
    expect(code(() => writeJksTrustStore(twice, { password: 'x' }))).toBe('ERR_OPTION');
  });

  it.skipIf(!isInstalled('keytool'))('of keytool, with a private key; and keytool reads ours', async () => {
    const keytool = (...args: readonly string[]): string =>
      mustRun('keytool', [...args, '-storetype', 'JKS', '-storepass', 'changeit']);
    const store = folder.path('store.jks');
    keytool(
      '-genkeypair',
      '-alias',
      'me',
      '-keyalg',
      'EC',
      '-dname',
      'CN=me',
      '-keypass',
      'changeit',
      '-keystore',
      store,
    );
    expect(code(() => readJks(folder.bytes('store.jks'), { password: 'changeit' }))).toBe('ERR_KEY');
    expect(code(() => readJks(folder.bytes('store.jks'), { allowLegacy: true }))).toBe('ERR_PASSWORD');
    const { entries } = readJks(folder.bytes('store.jks'), { password: 'changeit', allowLegacy: true });
    expect(entries).toMatchObject([{ name: 'me', certificates: [expect.any(Uint8Array)] }]);
    folder.write('key.der', entries[0]?.privateKey ?? '');
    if (isInstalled('openssl'))
      expect(mustRun('openssl', ['pkey', '-in', folder.path('key.der'), '-inform', 'DER', '-noout', '-text'])).toMatch(
        /prime256v1|secp384r1/,
      );
    const root = await createAuthority({ subject: 'Store Root', key: await generateKeyPair('RSA-2048') });
    const trusted = [{ certificate: root.certificate.der, friendlyName: 'Root' }];
    folder.write('trust.jks', writeJksTrustStore(trusted, { password: 'changeit' }));
    expect(keytool('-list', '-keystore', folder.path('trust.jks'))).toMatch(/root, .*trustedCertEntry/);
  });
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/bytes.ts';
import { publicKeyOf } from '../../src/crypto/noble/index.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { writePkcs7 } from '../../src/pki/formats/containers/pkcs7.ts';
import { decryptPkcs8, encryptPkcs8 } from '../../src/pki/formats/containers/pkcs8.ts';
import { readPkcs12 } from '../../src/pki/formats/containers/pkcs12.ts';
import { writePkcs12 } from '../../src/pki/formats/containers/pkcs12-writer.ts';
import { readPem, writePem } from '../../src/pki/x509/pem.ts';
import {
  encodePrivateKey,
  privateKeyFromDer,
  privateKeyFromPem,
  privateKeyToPem,
} from '../../src/pki/formats/private-key.ts';
import { hasOpenssl } from '../support/openssl.ts';
import { chainOf, KEY_KINDS, keyOf, serverEntry } from '../support/pki.ts';

/** Both directions with the OpenSSL of this machine: it writes and we read, we write and it reads. */

const skip = !hasOpenssl();
if (skip) console.log('skipped: openssl is not installed');

const folder = mkdtempSync(join(tmpdir(), 'formats-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);
const openssl = (...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
  return stdout;
};
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(path(name)));
const random = systemRandom;

describe.skipIf(skip)('OpenSSL', () => {
  it.each(KEY_KINDS)('%s: reads the PKCS#8 we write, and PKCS#12 both ways', async (kind) => {
    const entry = serverEntry(kind);
    const key = privateKeyFromPem(entry.key);
    writeFileSync(path('key.pem'), privateKeyToPem(key));
    writeFileSync(path('their.pem'), entry.key);
    expect(openssl('pkey', '-in', path('key.pem'), '-pubout')).toBe(
      openssl('pkey', '-in', path('their.pem'), '-pubout'),
    );

    const p12 = await writePkcs12(
      { certificates: chainOf(entry), privateKey: encodePrivateKey(key), friendlyName: 'Ä' },
      { password: 'pä', random, iterations: 2_000 },
    );
    writeFileSync(path('ours.p12'), p12);
    const out = openssl('pkcs12', '-in', path('ours.p12'), '-passin', 'pass:pä', '-nodes');
    const blocks = readPem(out);
    expect(blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ der }) => toHex(der))).toEqual(
      chainOf(entry).map(toHex),
    );
    const back = privateKeyFromDer(blocks.find(({ label }) => label === 'PRIVATE KEY')!.der);
    expect(encodePrivateKey(back)).toEqual(encodePrivateKey(key));

    writeFileSync(path('leaf.pem'), entry.chain[0]!);
    writeFileSync(path('more.pem'), entry.chain.slice(1).join(''));
    openssl(
      'pkcs12',
      '-export',
      '-in',
      path('leaf.pem'),
      '-inkey',
      path('their.pem'),
      '-certfile',
      path('more.pem'),
      '-passout',
      'pass:pä',
      '-out',
      path('theirs.p12'),
    );
    const contents = await readPkcs12(read('theirs.p12'), { password: 'pä' });
    expect(contents.certificates.map(toHex)).toEqual(chainOf(entry).map(toHex));
    expect(publicKeyOf(privateKeyFromDer(contents.privateKeys[0]!))).toEqual(publicKeyOf(key));
  });

  it.each(['pbkdf2', 'scrypt'] as const)('reads what we encrypt with %s', async (derivation) => {
    const entry = serverEntry('ecdsa-p384');
    writeFileSync(
      path('enc.pem'),
      writePem(
        'ENCRYPTED PRIVATE KEY',
        await encryptPkcs8(keyOf(entry), { password: 'x', random, derivation, iterations: 5_000 }),
      ),
    );
    writeFileSync(path('plain.pem'), entry.key);
    expect(openssl('pkey', '-in', path('enc.pem'), '-passin', 'pass:x', '-pubout')).toBe(
      openssl('pkey', '-in', path('plain.pem'), '-pubout'),
    );
  });

  it.each(['hmacWithSHA256', 'hmacWithSHA384', 'hmacWithSHA512'])('writes with %s, and we read', async (prf) => {
    writeFileSync(path('plain.pem'), serverEntry('rsa-2048').key);
    openssl(
      'pkcs8',
      '-topk8',
      '-in',
      path('plain.pem'),
      '-v2',
      'aes-256-cbc',
      '-v2prf',
      prf,
      '-iter',
      '3000',
      '-passout',
      'pass:x',
      '-outform',
      'DER',
      '-out',
      path('enc.der'),
    );
    expect(privateKeyFromDer(await decryptPkcs8(read('enc.der'), { password: 'x' }))).toEqual(
      privateKeyFromPem(serverEntry('rsa-2048').key),
    );
  });

  it('reads the PKCS#7 bundle we write', () => {
    const chain = chainOf(serverEntry());
    writeFileSync(path('chain.p7b'), writePkcs7(chain));
    const out = openssl('pkcs7', '-inform', 'DER', '-in', path('chain.p7b'), '-print_certs');
    expect(
      readPem(out)
        .map(({ der }) => toHex(der))
        .sort(),
    ).toEqual(chain.map(toHex).sort());
  });
});

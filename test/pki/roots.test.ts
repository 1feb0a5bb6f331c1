import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/bytes.ts';
import { systemRoots } from '../../src/pki/roots/system.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { certificateVerifier } from '../../src/pki/verifiers/verifier.ts';
import { authority, authorityPem } from '../support/pki.ts';

const folder = mkdtempSync(join(tmpdir(), 'roots-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const optionError = expect.objectContaining({ code: 'ERR_OPTION' });

describe('roots of the system', () => {
  it('the list of Node, every one of which our reader takes', () => {
    const { certificates, from, skipped } = systemRoots({ source: 'node', env: {} });
    expect(certificates.length).toBeGreaterThan(100);
    expect(from).toBe("Node's own list");
    expect(skipped).toBe(0);
    expect(() => certificateVerifier({ anchors: certificates, signatures: nobleProvider().verifier })).not.toThrow();
  });

  it('finds something to trust on any machine', () => {
    expect(systemRoots({ env: {} }).certificates.length).toBeGreaterThan(0);
  });

  it('SSL_CERT_FILE alone, without what is twice or broken', () => {
    const broken = '-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n';
    const path = file('bundle.pem', authorityPem('ecRoot') + broken + authorityPem('rsaRoot') + authorityPem('ecRoot'));
    const roots = systemRoots({ env: { SSL_CERT_FILE: path } });
    expect(roots.certificates.map(toHex)).toEqual([authority('ecRoot'), authority('rsaRoot')].map(toHex));
    expect(roots).toMatchObject({ from: path, skipped: 1 });
  });

  it('SSL_CERT_DIR, and NODE_EXTRA_CA_CERTS on top', () => {
    const own = mkdtempSync(join(folder, 'dir-'));
    writeFileSync(join(own, 'a.pem'), authorityPem('ecRoot'));
    writeFileSync(join(own, 'note.txt'), '-----BEGIN CERTIFICATE-----');
    const extra = file('extra.pem', authorityPem('strangerRoot'));
    const roots = systemRoots({ env: { SSL_CERT_DIR: own, NODE_EXTRA_CA_CERTS: extra } });
    expect(roots.certificates.map(toHex)).toEqual([authority('ecRoot'), authority('strangerRoot')].map(toHex));
  });

  it('SSL_CERT_FILE and SSL_CERT_DIR together, the latter a list of which some may be empty', () => {
    const [first, second, empty] = ['d1-', 'd2-', 'd3-'].map((name) => mkdtempSync(join(folder, name)));
    writeFileSync(join(first!, 'a.pem'), authorityPem('rsaRoot'));
    // One file that is cut short does not throw away what stands before it, or the other folder.
    writeFileSync(join(second!, 'b.pem'), `${authorityPem('strangerRoot')}-----BEGIN CERTIFICATE-----\nMIIB`);
    const path = file('one.pem', authorityPem('ecRoot'));
    const list = [first, empty, '', second].join(delimiter);
    const roots = systemRoots({ env: { SSL_CERT_FILE: path, SSL_CERT_DIR: list } });
    expect(roots.certificates.map(toHex)).toEqual(
      [authority('ecRoot'), authority('rsaRoot'), authority('strangerRoot')].map(toHex),
    );
    expect(roots.from).toBe([path, first, second].join(', '));
    expect(() => systemRoots({ env: { SSL_CERT_FILE: path, SSL_CERT_DIR: empty } })).toThrow(optionError);
  });

  it('a variable that leads nowhere is an error, not another store', () => {
    expect(() => systemRoots({ env: { SSL_CERT_FILE: join(folder, 'none') } })).toThrow(optionError);
    expect(() => systemRoots({ env: { SSL_CERT_FILE: file('empty.pem', 'nothing') } })).toThrow(optionError);
    expect(() => systemRoots({ env: { SSL_CERT_DIR: join(folder, 'none') } })).toThrow(optionError);
    expect(() => systemRoots({ source: 'node', env: { NODE_EXTRA_CA_CERTS: join(folder, 'none') } })).toThrow(
      optionError,
    );
    expect(() => systemRoots({ source: 'os' as never })).toThrow(optionError);
  });
});

import { describe, expect, it } from 'vitest';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import {
  parseCertificate,
  readPem,
  revocationChecker,
  validateChain,
  type ValidateOptions,
} from '../../src/pki/index.ts';
import { createAuthority, createCrl, issueCertificate } from '../../src/pki/issue/index.ts';

/** A chain outside of any handshake: the same verdict by a call. */

const { verifier: signatures, hash } = nobleProvider();
const root = await createAuthority({ subject: 'Root' });
const middle = await createAuthority({ subject: 'Middle', issuer: root });
const server = await issueCertificate({ issuer: middle, names: ['www.example.com', '192.0.2.1'], purpose: 'server' });
const client = await issueCertificate({ issuer: middle, names: 'me@example.com', purpose: 'client' });
const options = { anchors: root.pem, signatures };

async function codeOf(
  chain: Parameters<typeof validateChain>[0],
  more: Partial<ValidateOptions> = {},
): Promise<string> {
  const verdict = await validateChain(chain, { ...options, ...more });
  return verdict.ok ? 'ok' : verdict.failure.code;
}

describe('validateChain', () => {
  it('takes PEM, DER, read certificates, and lists of them', async () => {
    const ders = readPem(server.chainPem).map(({ der }) => der);
    expect(ders).toHaveLength(2);
    const bytes = new TextEncoder().encode(server.chainPem);
    for (const chain of [
      server.chainPem,
      bytes,
      ders,
      ders.map((der) => parseCertificate(der)),
      [server.pem, middle.der],
    ])
      expect(await codeOf(chain, { serverName: 'www.example.com' })).toBe('ok');
    const verdict = await validateChain(server.chainPem, options);
    expect(verdict.ok && verdict.path).toHaveLength(3);
  });

  it('looks at the name that is given, the peer, and the time', async () => {
    expect(await codeOf(server.chainPem, { serverName: '192.0.2.1' })).toBe('ok');
    expect(await codeOf(server.chainPem, { serverName: 'other.example' })).toBe('CERT_NAME_MISMATCH');
    expect(await codeOf(client.chainPem)).toBe('CERT_EXTENDED_KEY_USAGE');
    expect(await codeOf(client.chainPem, { peer: 'client' })).toBe('ok');
    expect(await codeOf(server.chainPem, { peer: 'client' })).toBe('CERT_EXTENDED_KEY_USAGE');
    expect(await codeOf(server.chainPem, { at: new Date('2000-01-01') })).toBe('CERT_NOT_YET_VALID');
    expect(await codeOf(server.chainPem, { at: Date.now() + 1e12 })).toBe('CERT_EXPIRED');
    expect(await codeOf(server.pem)).toBe('CERT_MISSING_INTERMEDIATE');
    expect(await codeOf(server.pem, { intermediates: middle.pem })).toBe('ok');
    const [whole] = await Promise.all([
      createCrl({ issuer: middle, number: 1, entries: [{ serial: server.certificate }] }),
    ]);
    const revocation = revocationChecker({ hash, crls: whole.pem, whenMissing: 'accept' });
    expect(await codeOf(server.chainPem, { revocation })).toBe('CERT_REVOKED');
  });

  it('answers of certificates that cannot be read, and throws of what is none', async () => {
    const [first, second] = readPem(server.chainPem).map(({ der }) => der);
    const cut = Uint8Array.from(first!);
    cut[10]! ^= 0xff;
    expect(await codeOf([cut, second!])).toBe('CERT_MALFORMED');
    // A leaf that is left out would make an authority the leaf.
    await expect(validateChain(server.chainPem.replace(/MII/, 'M*I'), options)).rejects.toMatchObject({
      code: 'ERR_KEY',
    });
    for (const chain of ['', 'text', [], {}, undefined, [42]] as unknown as string[])
      await expect(validateChain(chain, options)).rejects.toMatchObject({ name: 'TlsError' });
    const wrong: Partial<ValidateOptions>[] = [
      { at: Number.NaN },
      { at: new Date('never') },
      { peer: 'servers' as 'server' },
      { serverName: 5 as unknown as string },
      { serverName: 'www.example.com', peer: 'client' },
      { servername: 'www.example.com' } as Partial<ValidateOptions>,
    ];
    for (const more of wrong)
      await expect(validateChain(server.chainPem, { ...options, ...more })).rejects.toMatchObject({
        code: 'ERR_OPTION',
      });
  });
});

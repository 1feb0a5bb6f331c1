import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../../src/bytes/bytes.ts';
import { nobleProvider } from '../../../src/crypto/noble/index.ts';
import { readPem } from '../../../src/pki/index.ts';
import {
  type Authority,
  createAuthority,
  createCrl,
  createOcspResponse,
  createRequest,
  type IssuedCertificate,
  issueCertificate,
  type KeyAlgorithm,
  readRequest,
} from '../../../src/pki/issue/index.ts';
import { isInstalled } from '../../support/child.ts';
import { Folder, mustRun, runProgram } from '../../support/programs.ts';

/** What we issue is accepted by others, and what they ask for is read: OpenSSL, GnuTLS, NSS, Go, Java. */

const KINDS: readonly KeyAlgorithm[] = ['P-256', 'P-384', 'P-521', 'Ed25519', 'Ed448', 'RSA-2048'];
const PEERS = join(import.meta.dirname, 'peers');

interface Family {
  readonly root: Authority;
  readonly intermediate: Authority;
  readonly server: IssuedCertificate;
  readonly client: IssuedCertificate;
  readonly revoked: IssuedCertificate;
}

const folder = new Folder();
const families = new Map<KeyAlgorithm, Family>();
afterAll(() => folder.remove());

async function family(key: KeyAlgorithm): Promise<Family> {
  const root = await createAuthority({ subject: { commonName: `Root ${key}`, organization: 'Tests' }, key });
  const intermediate = await createAuthority({
    subject: `Intermediate ${key}`,
    issuer: root,
    key,
    nameConstraints: { permitted: ['example.com', '192.0.2.0/24', { uri: '.example.com' }, { email: 'example.com' }] },
    policies: ['1.3.6.1.4.1.99999.1'],
    issuerUrls: 'http://ca.example.com/root.crt',
  });
  const server = await issueCertificate({
    issuer: intermediate,
    purpose: 'server',
    names: ['www.example.com', '*.w.example.com', '192.0.2.7'],
    key,
    policies: [{ oid: '1.3.6.1.4.1.99999.1', statement: 'https://example.com/cps', notice: 'Notice' }],
    mustStaple: true,
    ocspUrls: 'http://ocsp.example.com',
    crls: 'http://crl.example.com/1.crl',
  });
  const client = await issueCertificate({
    issuer: intermediate,
    purpose: 'client',
    names: ['a@example.com', 'spiffe://td.example.com/worker'],
    key,
  });
  const revoked = await issueCertificate({ issuer: intermediate, purpose: 'server', names: 'lost.example.com', key });
  const entries = [{ serial: revoked.certificate, reason: 'keyCompromise' as const }];
  const { pem } = await createCrl({ issuer: intermediate, number: 7, entries });
  folder.write(`${key}.root.pem`, root.pem);
  folder.write(`${key}.root.crl`, (await createCrl({ issuer: root, number: 1 })).pem);
  folder.write(`${key}.intermediate.pem`, intermediate.pem);
  folder.write(`${key}.crl`, pem);
  for (const [name, { pem: own, chainPem, keyPair }] of Object.entries({ server, client, revoked })) {
    folder.write(`${key}.${name}.pem`, own);
    folder.write(`${key}.${name}.chain.pem`, chainPem);
    folder.write(`${key}.${name}.key`, keyPair?.pem ?? '');
  }
  return { root, intermediate, server, client, revoked };
}

beforeAll(async () => {
  for (const kind of KINDS) families.set(kind, await family(kind));
}, 60_000);

const file = (kind: KeyAlgorithm, name: string): string => folder.path(`${kind}.${name}`);

describe.skipIf(!isInstalled('openssl'))('OpenSSL', () => {
  const verify = (kind: KeyAlgorithm, name: string, ...more: readonly string[]) =>
    runProgram('openssl', [
      ...['verify', '-x509_strict', '-CAfile', file(kind, 'root.pem'), '-untrusted', file(kind, 'intermediate.pem')],
      ...more,
      file(kind, `${name}.pem`),
    ]);

  it.each(KINDS)('%s: accepts server and client, strictly, and knows who is revoked', (kind) => {
    const policy = ['-explicit_policy', '-policy', '1.3.6.1.4.1.99999.1'];
    const server = verify(kind, 'server', '-purpose', 'sslserver', '-verify_hostname', 'www.example.com', ...policy);
    expect(server.output).toMatch(/: OK\n/);
    expect(verify(kind, 'server', '-verify_ip', '192.0.2.7').output).toMatch(/: OK\n/);
    expect(verify(kind, 'client', '-purpose', 'sslclient', '-verify_email', 'a@example.com').output).toMatch(/: OK\n/);
    expect(verify(kind, 'client', '-purpose', 'sslserver').output).toMatch(/unsuitable certificate purpose/);
    const lists = ['-crl_check_all', '-CRLfile', file(kind, 'crl'), '-CRLfile', file(kind, 'root.crl')];
    expect(verify(kind, 'server', ...lists).output).toMatch(/: OK\n/);
    expect(verify(kind, 'revoked', ...lists).output).toMatch(/certificate revoked/);
  });

  it.each(['P-256', 'RSA-2048'] as const)('%s: believes our responder, delegated too', async (kind) => {
    const { intermediate, server, revoked } = families.get(kind)!;
    const responder = await issueCertificate({
      issuer: intermediate,
      subject: 'Responder',
      purpose: 'ocspSigning',
      ocspNoCheck: true,
      policies: ['1.3.6.1.4.1.99999.1'],
    });
    const responses = [
      { certificate: server.certificate, status: 'good' as const },
      {
        certificate: revoked.certificate,
        status: 'revoked' as const,
        revokedAt: Date.now() - 1e6,
        reason: 'keyCompromise' as const,
      },
    ];
    const own = { certificate: responder.certificate, key: responder.keyPair! };
    for (const more of [{}, { responderId: 'name' as const }, { responder: own }]) {
      folder.write('response.der', await createOcspResponse({ issuer: intermediate, responses, ...more }));
      for (const [name, answer] of [
        ['server', 'good'],
        ['revoked', 'revoked'],
      ] as const) {
        const { status, output } = runProgram('openssl', [
          ...['ocsp', '-respin', folder.path('response.der'), '-no_nonce', '-CAfile', file(kind, 'root.pem')],
          ...['-verify_other', file(kind, 'intermediate.pem'), '-issuer', file(kind, 'intermediate.pem')],
          ...['-cert', file(kind, `${name}.pem`)],
        ]);
        expect(output).toMatch(/Response verify OK/);
        expect(output).toContain(`${name}.pem: ${answer}`);
        expect(status).toBe(0);
      }
    }
  });

  it.each(KINDS)('%s: verifies our requests, and we its own', async (kind) => {
    const names = ['a.example', '192.0.2.1', '::1', 'a@client.example', 'spiffe://client.example/x'];
    const subject = { commonName: 'Bär', organization: 'Tests' };
    folder.write('request.pem', (await createRequest({ names, subject, key: kind })).pem);
    const text = mustRun('openssl', [
      'req',
      '-in',
      folder.path('request.pem'),
      '-verify',
      '-noout',
      '-text',
      '-nameopt',
      'utf8,sep_comma_plus',
    ]);
    expect(text).toMatch(/verify OK/);
    expect(text).toContain(
      'DNS:a.example, IP Address:192.0.2.1, IP Address:0:0:0:0:0:0:0:1, email:a@client.example, URI:spiffe://client.example/x',
    );
    expect(text).toContain('O=Tests,CN=Bär');
    const { root } = families.get(kind)!;
    mustRun('openssl', [
      'req',
      '-new',
      '-key',
      file(kind, 'server.key'),
      '-subj',
      '/CN=b.example',
      '-addext',
      'subjectAltName=DNS:b.example,IP:192.0.2.2',
      '-out',
      folder.path('theirs.pem'),
    ]);
    const issued = await issueCertificate({ issuer: root, request: folder.text('theirs.pem'), namesFromRequest: true });
    folder.write('issued.pem', issued.pem);
    expect(
      mustRun('openssl', [
        'verify',
        '-x509_strict',
        '-CAfile',
        file(kind, 'root.pem'),
        '-verify_hostname',
        'b.example',
        folder.path('issued.pem'),
      ]),
    ).toMatch(/OK/);
  });
});

describe.skipIf(!isInstalled('certtool'))('GnuTLS', () => {
  it.each(KINDS)('%s: accepts the chains and the list, and we its request', async (kind) => {
    for (const [name, host] of [
      ['server', ['--verify-hostname', 'www.example.com', '--verify-purpose', '1.3.6.1.5.5.7.3.1']],
      ['client', ['--verify-purpose', '1.3.6.1.5.5.7.3.2']],
    ] as const) {
      const verdict = mustRun('certtool', [
        '--verify',
        '--load-ca-certificate',
        file(kind, 'root.pem'),
        '--infile',
        file(kind, `${name}.chain.pem`),
        ...host,
      ]);
      expect(verdict).toMatch(/Chain verification output: Verified/);
    }
    const list = mustRun('certtool', [
      '--verify-crl',
      '--load-ca-certificate',
      file(kind, 'intermediate.pem'),
      '--infile',
      file(kind, 'crl'),
    ]);
    expect(list).toMatch(/Verification output: Verified/);
    if (isInstalled('ocsptool')) {
      const { intermediate, server, revoked } = families.get(kind)!;
      for (const [responses, words] of [
        [{ certificate: server.certificate, status: 'good' as const }, /Certificate Status: good/],
        [
          { certificate: revoked.certificate, status: 'revoked' as const, revokedAt: Date.now() - 1e6 },
          /Certificate Status: revoked/,
        ],
      ] as const) {
        folder.write('gnutls.ocsp', await createOcspResponse({ issuer: intermediate, responses }));
        const { output } = runProgram('ocsptool', [
          '--verify-response',
          '--load-response',
          folder.path('gnutls.ocsp'),
          '--load-signer',
          file(kind, 'intermediate.pem'),
        ]);
        expect(output).toMatch(words);
        expect(output).toMatch(/Verifying OCSP Response: Success/);
      }
    }
    const template = folder.write(
      'template',
      'cn = "gnutls.example"\ndns_name = "gnutls.example"\nip_address = "192.0.2.3"\n',
    );
    mustRun('certtool', [
      '--generate-request',
      '--template',
      template,
      '--load-privkey',
      file(kind, 'server.key'),
      '--outfile',
      folder.path('gnutls.pem'),
    ]);
    const request = readRequest(folder.text('gnutls.pem'));
    expect(await request.isSignedBy(nobleProvider().verifier)).toBe(true);
    expect(request.names).toHaveLength(2);
  });
});

describe.skipIf(!isInstalled('certutil') || runProgram('certutil', ['-H']).output.includes('unknown'))('NSS', () => {
  it.each(KINDS.filter((kind) => kind !== 'Ed448' && kind !== 'Ed25519'))(
    '%s: accepts server and client, and we its request',
    async (kind) => {
      const store = new Folder();
      try {
        const db = ['-d', `sql:${store.directory}`];
        mustRun('certutil', ['-N', ...db, '--empty-password']);
        mustRun('certutil', ['-A', ...db, '-n', 'root', '-t', 'CT,C,C', '-a', '-i', file(kind, 'root.pem')]);
        mustRun('certutil', [
          '-A',
          ...db,
          '-n',
          'intermediate',
          '-t',
          ',,',
          '-a',
          '-i',
          file(kind, 'intermediate.pem'),
        ]);
        for (const [name, usage] of [
          ['server', 'V'],
          ['client', 'C'],
        ] as const) {
          mustRun('certutil', ['-A', ...db, '-n', name, '-t', ',,', '-a', '-i', file(kind, `${name}.pem`)]);
          expect(runProgram('certutil', ['-V', ...db, '-n', name, '-u', usage, '-e']).output).toMatch(
            /certificate is valid/,
          );
        }
        if (isInstalled('crlutil')) {
          // What NSS is given by hand it reads as DER.
          store.write('list.der', readPem(folder.text(`${kind}.crl`))[0]!.der);
          mustRun('crlutil', ['-I', ...db, '-i', store.path('list.der'), '-t', '1']);
          mustRun('certutil', ['-A', ...db, '-n', 'revoked', '-t', ',,', '-a', '-i', file(kind, 'revoked.pem')]);
          expect(runProgram('certutil', ['-V', ...db, '-n', 'revoked', '-u', 'V', '-e']).output).toMatch(/revoked/i);
        }
        store.write('noise', toHex(crypto.getRandomValues(new Uint8Array(64))));
        mustRun('certutil', [
          '-R',
          ...db,
          '-s',
          'CN=nss.example',
          '-k',
          'ec',
          '-q',
          'nistp256',
          '-z',
          store.path('noise'),
          '-8',
          'nss.example',
          '-a',
          '-o',
          store.path('request.pem'),
        ]);
        const request = readRequest(store.text('request.pem'));
        expect(await request.isSignedBy(nobleProvider().verifier)).toBe(true);
        expect(request.names).toEqual([{ kind: 'dns', text: 'nss.example' }]);
      } finally {
        store.remove();
      }
    },
  );
});

describe.skipIf(!isInstalled('go'))('Go', () => {
  // crypto/x509 has no Ed448.
  const kinds = KINDS.filter((kind) => kind !== 'Ed448');
  beforeAll(() => void mustRun('go', ['build', '-o', folder.path('verify'), join(PEERS, 'verify.go')]), 120_000);

  it.each(kinds)('%s: accepts the chains, reads the list, and we its request', async (kind) => {
    const judge = (name: string, host: string): string =>
      mustRun(folder.path('verify'), [
        file(kind, 'root.pem'),
        file(kind, `${name}.chain.pem`),
        host,
        file(kind, 'crl'),
        folder.path('go.pem'),
      ]);
    const { revoked } = families.get(kind)!;
    expect(judge('server', 'www.example.com')).toMatch(
      new RegExp(`revoked ${toHex(revoked.certificate.serial).replace(/^0+/, '')} reason 1 number 7`),
    );
    expect(judge('server', 'x.w.example.com')).toContain('192.0.2.7');
    expect(judge('client', 'client')).toContain('spiffe://td.example.com/worker');
    const request = readRequest(folder.text('go.pem'));
    expect(await request.isSignedBy(nobleProvider().verifier)).toBe(true);
    expect(request.names).toHaveLength(2);
  });
});

describe.skipIf(!isInstalled('java') || !isInstalled('keytool'))('Java', () => {
  it.each(['P-256', 'RSA-2048', 'Ed25519'] as const)(
    '%s: accepts the chains, and knows who is revoked',
    (kind) => {
      const judge = (name: string, ...lists: readonly string[]): string =>
        mustRun('java', [
          join(PEERS, 'Verify.java'),
          file(kind, 'root.pem'),
          file(kind, `${name}.chain.pem`),
          ...lists,
        ]);
      const lists = [file(kind, 'root.crl'), file(kind, 'crl')];
      expect(judge('server', ...lists)).toMatch(/^yes .*www\.example\.com/);
      expect(judge('revoked', ...lists)).toMatch(/^no: REVOKED/);
      if (kind === 'P-256') expect(judge('client', ...lists)).toMatch(/^yes .*a@example\.com/);
    },
    120_000,
  );

  it('keytool: makes a request that we read', async () => {
    const store = ['-keystore', folder.path('java.p12'), '-storepass', 'password', '-alias', 'a'];
    mustRun('keytool', [
      '-genkeypair',
      '-keyalg',
      'EC',
      '-groupname',
      'secp256r1',
      '-dname',
      'CN=java.example',
      ...store,
    ]);
    mustRun('keytool', [
      '-certreq',
      '-ext',
      'san=dns:java.example,ip:192.0.2.4',
      '-file',
      folder.path('java.pem'),
      ...store,
    ]);
    const request = readRequest(folder.text('java.pem'));
    expect(await request.isSignedBy(nobleProvider().verifier)).toBe(true);
    expect(request.names).toHaveLength(2);
  }, 120_000);
});

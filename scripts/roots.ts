/**
 * Do the roots that everybody trusts serve? `npm run roots [-- FILE...]`.
 *
 * Every root of Node's list, of Debian's ca-certificates, of Python's certifi, and of further files of PEM, each where it is
 * there, is read, and then a chain below it is judged in every profile. Their keys are not to be had: the signature below a
 * root is taken as good, everything else is looked at. Fails when one does not serve.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { nodeProvider } from '../src/crypto/node/index.ts';
import type { SignatureVerifier } from '../src/crypto/types.ts';
import {
  type Certificate,
  certificateVerifier,
  nameText,
  type Profile,
  readCertificates,
  readPem,
} from '../src/pki/index.ts';
import * as b from '../vectors/pki/builder.ts';

const PROFILES: readonly Profile[] = ['default', 'rfc5280', 'webpki', 'strict'];
const HOST = 'www.example.com';
const real = nodeProvider().verifier;
const leafKey = b.makePair('ecdsa-p256');
/** What stands for the authorities, whose keys are not here. */
const otherKey = b.makePair('ecdsa-p256');

interface List {
  readonly name: string;
  readonly pem: string;
}

async function main(): Promise<void> {
  const lists: List[] = [{ name: `Node ${process.version}`, pem: rootCertificates.join('\n') }];
  const debian = '/etc/ssl/certs/ca-certificates.crt';
  if (existsSync(debian))
    lists.push({
      name: `ca-certificates ${versionOf('dpkg-query', '-W', 'ca-certificates').split('\t')[1] ?? ''}`,
      pem: readFileSync(debian, 'utf8'),
    });
  else console.log(`skipped: there is no ${debian}`);
  const certifi = versionOf('python3', '-c', 'import certifi; print(certifi.__version__, certifi.where())').split(' ');
  if (certifi[1] !== undefined) lists.push({ name: `certifi ${certifi[0]}`, pem: readFileSync(certifi[1], 'utf8') });
  else console.log('skipped: Python has no certifi');
  for (const file of process.argv.slice(2)) lists.push({ name: file, pem: readFileSync(file, 'utf8') });
  console.log('| list | roots | read | `default` | `rfc5280` | `webpki` | `strict` |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  const failures: string[] = [];
  for (const list of lists) {
    const blocks = readPem(list.pem);
    const roots: Certificate[] = [];
    for (const { der } of blocks) {
      try {
        roots.push(...readCertificates(der));
      } catch (error) {
        failures.push(`${list.name}: one cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    const served = PROFILES.map(() => 0);
    for (const root of roots)
      for (const [index, profile] of PROFILES.entries()) {
        const refusal = await judge(root, profile);
        if (refusal === undefined) served[index]!++;
        else failures.push(`${list.name}: ${nameText(root.subject)} in ${profile}: ${refusal}`);
      }
    console.log(`| ${list.name} | ${blocks.length} | ${roots.length} | ${served.join(' | ')} |`);
  }
  for (const failure of failures) console.log(failure);
  if (failures.length > 0) process.exitCode = 1;
}

/** Why a certificate below this root is refused. */
async function judge(root: Certificate, profile: Profile): Promise<string | undefined> {
  const ski = root.extensions.get('2.5.29.14');
  const leaf = b.issue({
    subject: b.name(['O', 'Example']),
    pair: leafKey,
    issuer: { subject: root.subject, pair: otherKey },
    notBefore: new Date(root.notBefore),
    notAfter: new Date(root.notAfter),
    extensions: [
      b.basicConstraints(false),
      b.keyUsage('digitalSignature'),
      b.extendedKeyUsage('serverAuth'),
      b.subjectAltName([b.dns(HOST)]),
      // The identifier is what the root says of itself, or one of its own making.
      b.extension('2.5.29.35', false, identifierOf(ski?.value)),
    ],
  });
  const signatures: SignatureVerifier = { ...real, verify: () => true };
  const verifier = certificateVerifier({ anchors: [root], signatures, profile });
  const verdict = await verifier.verify({
    role: 'client',
    chain: [leaf],
    serverName: HOST,
    ocspResponses: [],
    sctLists: [],
    certificateSchemes: [],
    keyUse: 'digitalSignature',
    now: Math.min(Date.now(), root.notAfter),
  });
  return verdict.ok ? undefined : verdict.failure.message;
}

/** AuthorityKeyIdentifier with the content of a SubjectKeyIdentifier. */
function identifierOf(ski: Uint8Array | undefined): Uint8Array {
  const id = ski === undefined ? new Uint8Array(20) : ski.subarray(2);
  return Uint8Array.of(0x30, id.length + 2, 0x80, id.length, ...id);
}

function versionOf(program: string, ...args: readonly string[]): string {
  try {
    return execFileSync(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return '';
  }
}

await main();

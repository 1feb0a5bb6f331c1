import { writeFileSync } from 'node:fs';
import { concat } from '../../bytes/bytes.ts';
import { systemRandom } from '../../crypto/random.ts';
import { encodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import { encryptPkcs8 } from '../../pki/formats/containers/pkcs8.ts';
import { writePkcs12, writePkcs12TrustStore } from '../../pki/formats/containers/pkcs12-writer.ts';
import { writeJksTrustStore } from '../../pki/formats/containers/jks.ts';
import { writePkcs7 } from '../../pki/formats/containers/pkcs7.ts';
import { privateKeyToJwk } from '../../pki/formats/jwk.ts';
import { publicKeyToJwk } from '../../pki/formats/jwk-public.ts';
import { encodePrivateKey } from '../../pki/formats/private-key.ts';
import { equalBytes } from '../../bytes/bytes.ts';
import { shortNameText } from '../../pki/x509/general-name-text.ts';
import { encodeBase64, writePem } from '../../pki/x509/pem.ts';
import type { Command, Given } from '../command.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { codeOf, readPassword, type Terminal } from '../terminal.ts';
import { type Loaded, type LoadedKey, loadFiles, READ_OPTIONS } from './load.ts';

const FORMS = ['pem', 'der', 'p7b', 'p8', 'p12', 'jwk', 'truststore', 'jks'] as const;
type Form = (typeof FORMS)[number];

/** `warifu cert convert` */
export const convertCommand: Command = {
  name: 'cert convert',
  summary: 'between PEM, DER, PKCS#7, PKCS#8, PKCS#12, JWK and Java key stores',
  operands: 'FILE…',
  help: `
Writes what is in the files in another form:

  pem         everything, one block after the other; private keys as PKCS#8
  der         one thing: a certificate, a key, a request, a list
  p7b         certificates (PKCS#7)
  p8          a private key (PKCS#8 in PEM), encrypted when there is a password
  p12         a private key with its certificates (PKCS#12); needs a password
  jwk         a key as JSON; the private one if there is one
  truststore  certificates as Java trusts them (PKCS#12); needs a password
  jks         the same as Java 8 and older have it (JKS); needs a password

Key stores of Java are read in both forms, too.

  warifu cert convert server.crt server.key --to p12 --out server.p12 --out-password-file secret.txt
  warifu cert convert client.p12 --password-file secret.txt --to pem --out client.pem
  warifu cert convert root.crt --to truststore --out trust.p12 --out-password-file secret.txt
`,
  options: {
    ...READ_OPTIONS,
    to: { type: 'string', value: 'FORM', words: FORMS, help: FORMS.join(', ') },
    out: { type: 'string', short: 'o', value: 'FILE', help: 'where to write it (default: standard output)' },
    'out-password-file': { type: 'string', value: 'FILE', help: 'its first line protects what is written' },
    name: {
      type: 'string',
      value: 'NAME',
      help: 'that programs show for what is in a PKCS#12 file or a key store (Java: alias)',
    },
    'certificates-only': { type: 'boolean', help: 'leave private keys out' },
    force: { type: 'boolean', help: 'write over a file that is there' },
  },
  run,
};

async function run(given: Given, terminal: Terminal): Promise<number> {
  const form = given.oneOf('to', FORMS);
  if (form === undefined) throw usage(`--to: the form is wanted: ${FORMS.join(', ')}`);
  const read = await loadFiles(given.positionals, given, terminal);
  for (const { message } of read.problems) terminal.note(`warifu: ${message}`);
  const loaded = given.has('certificates-only') ? { ...read, keys: [] } : read;
  const { content, isSecret } = await convert(loaded, form, given, terminal);
  const out = given.text('out');
  if (out === undefined) {
    if (given.has('json')) terminal.print(JSON.stringify({ form, ...contentOf(content) }));
    else if (typeof content === 'string') terminal.print(content.trimEnd());
    else terminal.printBytes(content);
    return EXIT.ok;
  }
  try {
    writeFileSync(terminal.path(out), content, {
      mode: isSecret ? 0o600 : 0o644,
      flag: given.has('force') ? 'w' : 'wx',
    });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw new Failure(`${out}: it is there already; --force writes over it`);
    throw new Failure(`${out}: it cannot be written (${codeOf(error)})`);
  }
  if (given.has('json')) terminal.print(JSON.stringify({ out: terminal.path(out), form }));
  return EXIT.ok;
}

/** Bytes as base64, which JSON can hold. */
function contentOf(content: string | Uint8Array): object {
  return typeof content === 'string' ? { text: content } : { base64: encodeBase64(content) };
}

interface Written {
  readonly content: string | Uint8Array;
  readonly isSecret: boolean;
}

async function convert(loaded: Loaded, form: Form, given: Given, terminal: Terminal): Promise<Written> {
  const password = readPassword(terminal, given.text('out-password-file'));
  const { certificates, keys } = loaded;
  const needPassword = (): string => {
    if (password === undefined) throw usage(`--to ${form}: --out-password-file is needed`);
    return password;
  };
  if (password !== undefined && !['p8', 'p12', 'truststore', 'jks'].includes(form))
    throw usage(`--out-password-file: ${form} cannot be protected; p8 and p12 can`);
  if (given.text('name') !== undefined && !['p12', 'truststore', 'jks'].includes(form))
    throw usage(`--name: ${form} has no place for a name; p12, truststore and jks have`);
  const ders = certificates.map(({ der }) => der);
  switch (form) {
    case 'pem':
      return { content: toPem(loaded), isSecret: keys.length > 0 };
    case 'der':
      return oneDer(loaded);
    case 'p7b':
      if (ders.length === 0) throw new Failure('there is no certificate to put into a PKCS#7 file');
      return { content: writePem('PKCS7', writePkcs7(ders)), isSecret: false };
    case 'p8': {
      const der = pkcs8(oneKey(keys));
      if (password === undefined) return { content: writePem('PRIVATE KEY', der), isSecret: true };
      const encrypted = await encryptPkcs8(der, { password, random: systemRandom });
      return { content: writePem('ENCRYPTED PRIVATE KEY', encrypted), isSecret: true };
    }
    case 'p12':
      return { content: await pkcs12(loaded, needPassword(), given.text('name')), isSecret: true };
    case 'jwk': {
      const jwk = loaded.keys.length + loaded.publicKeys.length === 0 ? certificateJwk(loaded) : keyJwk(loaded);
      return { content: `${JSON.stringify(jwk, undefined, 2)}\n`, isSecret: keys.length > 0 };
    }
    default: {
      if (ders.length === 0) throw new Failure('there is no certificate to be trusted');
      const name = given.text('name');
      const trusted = certificates.map(({ der, subject }, i) => {
        const own = name ?? shortNameText(subject);
        return { certificate: der, friendlyName: i === 0 ? own : `${own} ${i}` };
      });
      return {
        content:
          form === 'jks'
            ? writeJksTrustStore(trusted, { password: needPassword() })
            : await writePkcs12TrustStore(trusted, { password: needPassword(), random: systemRandom }),
        isSecret: false,
      };
    }
  }
}

function toPem({ certificates, keys, requests, crls, publicKeys }: Loaded): string {
  const blocks = [
    ...certificates.map(({ der }) => writePem('CERTIFICATE', der)),
    ...keys.map((key) => writePem('PRIVATE KEY', pkcs8(key))),
    ...requests.map(({ der }) => writePem('CERTIFICATE REQUEST', der)),
    ...crls.map(({ der }) => writePem('X509 CRL', der)),
    ...publicKeys.map((key) => writePem('PUBLIC KEY', encodeSubjectPublicKeyInfo(key))),
  ];
  if (blocks.length === 0) throw new Failure('there is nothing to write');
  return blocks.join('');
}

function oneDer({ certificates, keys, requests, crls, publicKeys }: Loaded): Written {
  const all = [
    ...certificates.map(({ der }) => ({ content: der, isSecret: false })),
    ...keys.map((key) => ({ content: pkcs8(key), isSecret: true })),
    ...requests.map(({ der }) => ({ content: der, isSecret: false })),
    ...crls.map(({ der }) => ({ content: der, isSecret: false })),
    ...publicKeys.map((key) => ({ content: encodeSubjectPublicKeyInfo(key), isSecret: false })),
  ];
  const [one] = all;
  if (one === undefined || all.length > 1)
    throw new Failure(`DER holds one thing, and there are ${all.length}: give one file, or take pem, p7b or p12`);
  return one;
}

function oneKey(keys: readonly LoadedKey[]): LoadedKey {
  const [key] = keys;
  if (key === undefined || keys.length > 1)
    throw new Failure(`one private key is wanted, and there are ${keys.length}`);
  return key;
}

function pkcs8({ privateKey, publicKey }: LoadedKey): Uint8Array {
  return encodePrivateKey(privateKey, publicKey);
}

/** The certificate of the key first: programs take the first for its own. */
async function pkcs12({ certificates, keys }: Loaded, password: string, name: string | undefined): Promise<Uint8Array> {
  const key = oneKey(keys);
  const spki = encodeSubjectPublicKeyInfo(key.publicKey);
  const leaf = certificates.find((certificate) => equalBytes(certificate.spki, spki));
  if (leaf === undefined && certificates.length > 0)
    throw new Failure('the private key belongs to none of the certificates');
  const ordered = [
    ...(leaf === undefined ? [] : [leaf]),
    ...certificates.filter((certificate) => certificate !== leaf),
  ];
  return await writePkcs12(
    {
      certificates: ordered.map(({ der }) => concat(der)),
      privateKey: pkcs8(key),
      ...(name !== undefined && { friendlyName: name }),
    },
    { password, random: systemRandom },
  );
}

function keyJwk({ keys, publicKeys }: Loaded): object {
  const [privateKey] = keys;
  const [publicKey] = publicKeys;
  if (keys.length + publicKeys.length > 1)
    throw new Failure(`one key is wanted, and there are ${keys.length + publicKeys.length}`);
  if (privateKey !== undefined) return privateKeyToJwk(privateKey.privateKey, privateKey.publicKey);
  return publicKey === undefined ? {} : publicKeyToJwk(publicKey);
}

function certificateJwk({ certificates, requests }: Loaded): object {
  const [one] = [...certificates, ...requests];
  if (one?.publicKey === undefined) throw new Failure('there is no key in it that a JWK can hold');
  return publicKeyToJwk(one.publicKey);
}

import { Integer } from 'asn1js';
import { Certificate as Structure } from 'pkijs';
import type { CryptoProvider } from '../../crypto/types.ts';
import { readCertificate, subjectKeyId } from '../x509/certificate.ts';
import { parseCertificate } from '../path/form.ts';
import { keyBits } from '../revocation/ocsp.ts';
import { writePem } from '../x509/pem.ts';
import { algorithmOf, assemble, bufferOf, extensionOf, nameOf, parsed, timeOf, toBeSigned } from './asn1.ts';
import { encodeExtensions, type ExtensionFacts, type ExtensionOptions } from './extensions.ts';
import { wrongOption } from './options.ts';
import { checkIssuer, checkNames, keyIdOf, serialOf, validityOf } from './plausible.ts';
import { chooseSignature, signWith } from './signing.ts';
import type { IssuedCertificate, IssueOptions, Plan } from './types.ts';

/** Writes, signs, and reads again what it wrote. */
export async function issue(
  plan: Plan,
  options: IssueOptions & ExtensionOptions,
  crypto: CryptoProvider,
): Promise<IssuedCertificate> {
  const { issuer, subject } = plan;
  const above = issuer === 'self' ? undefined : issuer;
  const signer = above?.signer ?? plan.selfSigner;
  if (signer === undefined)
    throw wrongOption('issuer', `'self' needs the private key: give key, instead of publicKey or request`);
  const isInvalidAllowed = options.allowInvalid === true;
  if (above !== undefined && !isInvalidAllowed) checkIssuer(above.certificate, plan);
  const validity = validityOf(options, plan.defaultDays, above?.certificate);
  const keyId = options.subjectKeyId ?? crypto.hash('sha1').digest(keyBits(plan.spki));
  const issuerKeyId =
    options.authorityKeyId ?? (above === undefined ? false : (subjectKeyId(above.certificate) ?? false));
  const facts: ExtensionFacts = {
    ...plan,
    hasSubject: subject.length > 2,
    subjectKeyId: keyIdOf('subjectKeyId', keyId),
    authorityKeyId: keyIdOf('authorityKeyId', issuerKeyId),
  };
  if (!facts.hasSubject && plan.names.length === 0) throw wrongOption('names', 'a name or a subject is wanted');
  const signature = chooseSignature(signer, options.signature);
  const algorithm = algorithmOf(signature.identifier);
  const structure = new Structure({
    version: 2,
    serialNumber: new Integer({ valueHex: bufferOf(serialOf(options.serial, crypto)) }),
    signature: algorithm,
    issuer: nameOf(above?.certificate.subject ?? subject),
    notBefore: timeOf(validity.notBefore),
    notAfter: timeOf(validity.notAfter),
    subject: nameOf(subject),
    signatureAlgorithm: algorithm,
    extensions: encodeExtensions(facts, options).map(extensionOf),
  });
  structure.subjectPublicKeyInfo.fromSchema(parsed(plan.spki));
  const tbs = toBeSigned(structure);
  const der = assemble(tbs, signature.identifier, await signWith(signer, signature, tbs, crypto));
  const certificate = isInvalidAllowed ? readCertificate(der) : parseCertificate(der, { strict: true });
  if (above !== undefined && !isInvalidAllowed) checkNames(certificate, above);
  const chain = [der, ...(above?.chain ?? [])];
  const chainPem = chain.map((item) => writePem('CERTIFICATE', item)).join('');
  const privateKey = plan.selfSigner;
  return {
    certificate,
    der,
    pem: writePem('CERTIFICATE', der),
    chain,
    chainPem,
    keyPair: plan.keyPair,
    credential: privateKey === undefined ? undefined : { certificates: chainPem, privateKey },
  };
}

/**
 * Judges chains with another library: a case of JSON on each line of standard input, "yes" or "no" and why on each line of
 * standard output. `node judge.mjs forge|pkijs|peculiar`. Each is used as its own documentation shows.
 */
import 'reflect-metadata';
import { createInterface } from 'node:readline';

const JUDGES = {
  /** node-forge: pki.verifyCertificateChain, the chain leaf first. */
  async forge() {
    const { default: forge } = await import('node-forge');
    const { pki, asn1 } = forge;
    const read = (base64) => pki.certificateFromAsn1(asn1.fromDer(forge.util.decode64(base64)));
    return async ({ leaf, intermediates, anchors, time }) => {
      const store = pki.createCaStore();
      for (const anchor of anchors) {
        try {
          store.addCertificate(read(anchor));
        } catch {
          // One that it cannot read is no anchor.
        }
      }
      const chain = [leaf, ...intermediates].map(read);
      return pki.verifyCertificateChain(store, chain, { validityCheckDate: new Date(time) });
    };
  },

  /** pkijs: CertificateChainValidationEngine, the leaf last. */
  async pkijs() {
    const pkijs = await import('pkijs');
    const read = (base64) => pkijs.Certificate.fromBER(Buffer.from(base64, 'base64'));
    return async ({ leaf, intermediates, anchors, crls, time, policies }) => {
      const engine = new pkijs.CertificateChainValidationEngine({
        trustedCerts: anchors.map(read),
        certs: [...intermediates.map(read), read(leaf)],
        crls: crls.map((base64) => pkijs.CertificateRevocationList.fromBER(Buffer.from(base64, 'base64'))),
        checkDate: new Date(time),
      });
      const { result, resultMessage } = await engine.verify(policies ?? {});
      if (!result) throw new Error(resultMessage);
      return true;
    };
  },

  /** @peculiar/x509: X509ChainBuilder, then each certificate verified, the last one being an anchor. */
  async peculiar() {
    const x509 = await import('@peculiar/x509');
    const read = (base64) => new x509.X509Certificate(Buffer.from(base64, 'base64'));
    return async ({ leaf, intermediates, anchors, time }) => {
      const roots = anchors.map(read);
      const builder = new x509.X509ChainBuilder({ certificates: [...intermediates.map(read), ...roots] });
      const chain = [...(await builder.build(read(leaf)))];
      const last = chain.at(-1);
      if (!roots.some((root) => root.equal(last))) throw new Error('the chain does not end at an anchor');
      const date = new Date(time);
      for (const [index, certificate] of chain.entries()) {
        const issuer = chain[index + 1];
        if (issuer === undefined) break;
        if (!(await certificate.verify({ date, publicKey: await issuer.publicKey.export() })))
          throw new Error(`certificate ${index} is not valid`);
      }
      return true;
    };
  },
};

const make = JUDGES[process.argv[2]];
if (make === undefined) throw new Error(`judge.mjs ${Object.keys(JUDGES).join('|')}`);
const judge = await make();
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = (await judge(JSON.parse(line))) === true ? 'yes' : 'no\trefused';
  } catch (error) {
    const text = error instanceof Error ? error.message : (error?.message ?? JSON.stringify(error) ?? String(error));
    answer = `no\t${text.replaceAll(/\s+/g, ' ')}`;
  }
  process.stdout.write(`${answer}\n`);
}

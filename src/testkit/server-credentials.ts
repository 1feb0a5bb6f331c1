import { autoProvider } from '../crypto/auto.ts';
import type { Credential } from '../handshake/peer.ts';
import { privateKeyFromDer } from '../pki/formats/private-key.ts';
import { createCrl, createOcspResponse, openAuthority } from '../pki/issue/index.ts';
import { readCertificate } from '../pki/x509/certificate.ts';
import { CLIENT_AUTH, forge, type Forgery, type Holder } from './forge.ts';

/** What is wrong with a certificate; `good`: nothing. */
export type CertificateFault =
  | 'good'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-name'
  | 'common-name-only'
  | 'self-signed'
  | 'untrusted-root'
  | 'same-name-root'
  | 'missing-intermediate'
  | 'revoked'
  | 'no-staple'
  | 'weak-key'
  | 'sha1'
  | 'name-constraints'
  | 'wrong-purpose'
  | 'not-an-authority'
  | 'bad-signature'
  | 'unknown-critical'
  | 'expired-intermediate';

/** A credential, and the holder it was made of. */
export interface Issued {
  readonly credential: Credential;
  readonly holder: Holder;
}

/** A root, an intermediate, and servers with every fault below them. */
export class Authorities {
  readonly root: Holder;
  readonly intermediate: Holder;
  readonly #made: Map<string, Promise<Issued>> = new Map();

  constructor() {
    this.root = forge({ commonName: 'warifu testkit root', authority: true });
    this.intermediate = forge({ commonName: 'warifu testkit intermediate', authority: true, issuer: this.root });
  }

  /** Made when it is asked for first. */
  server(fault: CertificateFault, name: string): Promise<Issued> {
    const key = `${fault} ${name}`;
    const made = this.#made.get(key) ?? this.#make(fault, name);
    this.#made.set(key, made);
    return made;
  }

  /** A certificate of a client, for servers that demand one. */
  client(change: Partial<Forgery> = {}): Holder {
    return forge({
      commonName: 'warifu testkit client',
      issuer: this.intermediate,
      purposes: [CLIENT_AUTH],
      ...change,
    });
  }

  /** A list on which everything is that is revoked here, in PEM. */
  async crl(domain: string): Promise<string> {
    const { holder } = await this.server('revoked', `revoked.${domain}`);
    const authority = await openAuthority({ certificates: this.intermediate.pem, key: this.intermediate.keyPem });
    const list = await createCrl({ issuer: authority, number: 1, entries: [{ serial: holder.serial }] });
    const root = await openAuthority({ certificates: this.root.pem, key: this.root.keyPem });
    return list.pem + (await createCrl({ issuer: root, number: 1 })).pem;
  }

  async #make(fault: CertificateFault, name: string): Promise<Issued> {
    const { holder, chain } = this.#forge(fault, name);
    const signer = await autoProvider().signer(privateKeyFromDer(holder.keyDer));
    const credential = { chain: [holder.der, ...chain.map(({ der }) => der)], signer };
    if (fault !== 'revoked') return { credential, holder };
    const authority = await openAuthority({ certificates: this.intermediate.pem, key: this.intermediate.keyPem });
    const certificate = readCertificate(holder.der);
    const ocspResponse = await createOcspResponse({
      issuer: authority,
      responses: { certificate, status: 'revoked', revokedAt: Date.now() - 3_600_000, reason: 'keyCompromise' },
    });
    return { credential: { ...credential, ocspResponse }, holder };
  }

  #forge(fault: CertificateFault, name: string): { readonly holder: Holder; readonly chain: readonly Holder[] } {
    const { intermediate, root } = this;
    const leaf = (change: Partial<Forgery> = {}, chain: readonly Holder[] = [intermediate]) => ({
      holder: forge({ commonName: name, names: [name], issuer: chain[0] ?? intermediate, ...change }),
      chain,
    });
    switch (fault) {
      case 'good':
        return leaf();
      case 'expired':
        return leaf({ from: -30, until: -1 });
      case 'not-yet-valid':
        return leaf({ from: 1, until: 30 });
      case 'wrong-name':
        return leaf({ commonName: 'other.example', names: ['other.example'] });
      case 'common-name-only': {
        const holder = forge({ commonName: name, issuer: intermediate });
        return { holder, chain: [intermediate] };
      }
      case 'self-signed':
        return { holder: forge({ commonName: name, names: [name] }), chain: [] };
      case 'untrusted-root': {
        const root = forge({ commonName: 'warifu testkit stranger', authority: true });
        return leaf({}, [forge({ commonName: 'warifu testkit strange intermediate', authority: true, issuer: root })]);
      }
      case 'same-name-root':
        return leaf({}, [
          forge({
            commonName: 'warifu testkit intermediate',
            authority: true,
            issuer: forge({ commonName: 'warifu testkit root', authority: true }),
          }),
        ]);
      case 'missing-intermediate':
        return leaf({}, []);
      case 'revoked':
        return leaf();
      case 'no-staple':
        return leaf({ mustStaple: true });
      case 'weak-key':
        return leaf({ kind: 'RSA-1024' });
      case 'sha1':
        return leaf({ hash: 'sha1' });
      case 'name-constraints':
        return leaf({}, [
          forge({
            commonName: 'warifu testkit constrained',
            authority: true,
            issuer: root,
            permitted: ['permitted.example'],
          }),
        ]);
      case 'wrong-purpose':
        return leaf({ purposes: [CLIENT_AUTH] });
      case 'not-an-authority':
        return leaf({}, [
          forge({ commonName: 'warifu testkit server', names: ['other.example'], issuer: intermediate }),
          intermediate,
        ]);
      case 'bad-signature':
        return leaf({ breakSignature: true });
      case 'unknown-critical':
        return leaf({ unknownCritical: true });
      case 'expired-intermediate':
        return leaf({}, [
          forge({ commonName: 'warifu testkit expired', authority: true, issuer: root, from: -30, until: -1 }),
        ]);
    }
  }
}

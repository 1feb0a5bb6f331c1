import { encodeSubjectPublicKeyInfo } from '../../src/crypto/spki.ts';
import type { CryptoProvider } from '../../src/crypto/types.ts';
import type { Credential, PeerVerifier } from '../../src/handshake/peer.ts';
import { type AcceptOptions, accept, type ConnectOptions, connect } from '../../src/index.ts';
import { memoryPipe } from '../../src/pipes/index.ts';
import type { ByteDuplex, TlsStream } from '../../src/transport/index.ts';

/** A client and a server in one process. Certificates are opaque here: each side pins the other's. */

export interface Identity {
  readonly credential: Credential;
  /** Accepts this identity, and no other. */
  readonly verifier: PeerVerifier;
}

export async function identity(provider: CryptoProvider, name: string): Promise<Identity> {
  const scalar = new Uint8Array(32);
  provider.random.fill(scalar);
  scalar[0] = 1; // below the order of the curve
  const signer = await provider.signer({ kind: 'ec', curve: 'P-256', scalar });
  const certificate = Uint8Array.from(`certificate of ${name}`, (letter) => letter.charCodeAt(0));
  const publicKey = encodeSubjectPublicKeyInfo(signer.publicKey);
  return {
    credential: { chain: [certificate], signer },
    verifier: {
      verify: ({ chain: [shown] }) =>
        shown?.length === certificate.length && shown.every((byte, i) => byte === certificate[i])
          ? { ok: true, publicKey, path: [certificate] }
          : { ok: false, failure: { code: 'CERT_PIN_MISMATCH', message: 'It is another.', alert: 46 } },
    },
  };
}

/** Both ends of a handshake over a pipe; both outcomes, in whichever order they fail. */
export function join(
  client: ConnectOptions,
  server: AcceptOptions,
  [a, b]: readonly [ByteDuplex, ByteDuplex] = memoryPipe(),
): Promise<[PromiseSettledResult<TlsStream>, PromiseSettledResult<TlsStream>]> {
  // Each side ends when it has sent everything, whether or not the other one has.
  return Promise.allSettled([
    connect(a, { ...client, allowHalfOpen: true }),
    accept(b, { ...server, allowHalfOpen: true }),
  ]);
}

import type { CipherSuite12, NamedCurve, PublicKey } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import { encode } from '../../wire/codec.ts';
import { encodeHandshake } from '../../wire/handshake.ts';
import { GROUP_SECP256R1, GROUP_SECP384R1, GROUP_SECP521R1, HANDSHAKE_CERTIFICATE_VERIFY } from '../../wire/ids.ts';
import { CertificateVerify12 } from '../../wire/messages12.ts';
import type { Context } from '../context.ts';
import { request, type Step } from '../requests.ts';
import type { Credential } from '../peer.ts';
import { chooseScheme } from '../authentication/certificates.ts';
import type { Config } from '../config.ts';

// RFC 9846 §4.3.3-12
/** Signs in TLS 1.2: gives back what a DigitallySigned holds (RFC 5246 section 4.7). */
export function* sign12(
  credential: Credential,
  peerSchemes: readonly number[],
  input: Uint8Array,
  context: Context<Config>,
): Step<{ readonly scheme: number; readonly signature: Uint8Array }> {
  const { config } = context;
  const scheme = chooseScheme(credential, peerSchemes, config.signingAlgorithms, 0x0303, config.role);
  if (scheme === undefined) throw new TlsError('ERR_NO_SHARED_SCHEME', { rfc: 'RFC 5246 section 7.4.1.4.1' });
  const signature = yield* request('sign', { credential, scheme: scheme.id, input });
  context.effects.info('signatureScheme', { id: scheme.id, name: scheme.name });
  return { scheme: scheme.id, signature };
}

/** RFC 5246 section 7.4.8: over every message so far, not their digest. */
export function* certificateVerifyMessage(
  credential: Credential,
  peerSchemes: readonly number[],
  messages: Uint8Array,
  context: Context<Config>,
): Step<Uint8Array> {
  const signed = yield* sign12(credential, peerSchemes, messages, context);
  return encodeHandshake(HANDSHAKE_CERTIFICATE_VERIFY, encode(CertificateVerify12, signed));
}

// RFC 5246 ¶7.4.2-6, ¶7.4.2-8, ¶7.4.2-12
/** RFC 5246 section 7.4.2 and RFC 8422 section 2: the suite says which kind of key the server's certificate has. */
export function checkKeyKind(key: PublicKey, suite: CipherSuite12): void {
  if (kindFor(key) !== suite.authentication)
    throw new TlsError('ERR_CERTIFICATE_KEY_KIND', { detail: `${key.kind} in ${suite.name}` });
}

// RFC 9846 §4.3.3-15
/** RFC 8422 section 5.3: a client that names its groups takes no key on another curve. Undefined: it did not name any. */
export function isCurveNamed(key: PublicKey, groups: readonly number[] | undefined): boolean {
  return key.kind !== 'ec' || groups === undefined || groups.includes(CURVE_GROUP[key.curve]);
}

const CURVE_GROUP: { readonly [C in NamedCurve]: number } = {
  'P-256': GROUP_SECP256R1,
  'P-384': GROUP_SECP384R1,
  'P-521': GROUP_SECP521R1,
};

export function kindFor(key: PublicKey): 'ecdsa' | 'rsa' {
  return key.kind === 'rsa' ? 'rsa' : 'ecdsa';
}

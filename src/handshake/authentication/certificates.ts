import { concat, fromAscii } from '../../bytes/bytes.ts';
import type { PublicKey, SignatureScheme } from '../../crypto/types.ts';
import { decodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import { TlsError } from '../../errors.ts';
import { decode, encode } from '../../wire/codec.ts';
import { type RawExtension, readExtensions, writeExtension } from '../../wire/extension.ts';
import { signedCertificateTimestamp } from '../../wire/extensions/signed-certificate-timestamp.ts';
import { statusRequest } from '../../wire/extensions/status-request.ts';
import { encodeHandshake } from '../../wire/handshake.ts';
import { HANDSHAKE_CERTIFICATE, HANDSHAKE_CERTIFICATE_VERIFY, TLS_1_3 } from '../../wire/ids.ts';
import { Certificate, CertificateVerify } from '../../wire/messages13.ts';
import type { CommonConfig, Config } from '../config.ts';
import type { Context, PeerInfo } from '../context.ts';
import { request, type Step } from '../requests.ts';
import type { Credential, PeerVerifier, Presented, PresentedPeer, Role, Verdict } from '../peer.ts';
import { KNOWN_EXTENSIONS } from '../tls13/known-extensions.ts';

/** Reads a Certificate's entries; each may answer only to extensions in `offered` (RFC 9846 section 4.5.1). */
export function readEntries(certificate: Certificate, offered: ReadonlySet<number>): Presented {
  const blocks = certificate.entries.map(({ extensions }) =>
    readExtensions('Certificate', extensions, KNOWN_EXTENSIONS, { offered }),
  );
  return {
    chain: certificate.entries.map(({ certData }) => certData),
    ocspResponses: blocks.map((block) => block.get(statusRequest)?.response),
    sctLists: blocks.map((block) => block.get(signedCertificateTimestamp)),
  };
}

/** Whom to judge, and how. */
export interface Subject {
  readonly presented: Presented;
  readonly verifier: PeerVerifier;
  readonly serverName: string | undefined;
  /** A refusal of the verifier is reported in the info and does not end the handshake. */
  readonly tolerant: boolean;
}

/** A signature of the peer, with what it has to cover. */
export interface SignedProof {
  readonly version: 0x0303 | 0x0304;
  /** SignatureScheme. */
  readonly scheme: number;
  readonly signature: Uint8Array;
  readonly input: Uint8Array;
}

/** Proof that the peer was verified and holds the key of its certificate. Nothing else can make one. */
export class AuthenticatedPeer {
  readonly info: PeerInfo;
  /** The key in the peer's certificate. */
  readonly key: PublicKey;
  // A private field makes the type nominal: an object of the same shape is not a proof.
  readonly #proof: true = true;

  private constructor(info: PeerInfo, key: PublicKey) {
    this.info = info;
    this.key = key;
  }

  get proven(): true {
    return this.#proof;
  }

  /**
   * Asks the verifier about the certificates, then checks the signature over the transcript (RFC 9846 section 4.5.2).
   */
  static *authenticate(
    subject: Subject,
    transcriptDigest: Uint8Array,
    body: Uint8Array,
    context: Context<Config>,
  ): Step<AuthenticatedPeer> {
    const { scheme, signature } = decode(CertificateVerify, body);
    const input = signedContent(context.config.role === 'client' ? 'server' : 'client', transcriptDigest);
    return yield* AuthenticatedPeer.prove(subject, { version: TLS_1_3, scheme, signature, input }, context);
  }

  /** Asks the verifier about the certificates, then checks the signature over `input`: the way of both versions. */
  static *prove(subject: Subject, proof: SignedProof, context: Context<Config>): Step<AuthenticatedPeer> {
    const { config, crypto, effects } = context;
    const { signature, input } = proof;
    const tls13 = proof.version === TLS_1_3;
    const peerRole = config.role === 'client' ? 'server' : 'client';
    const scheme = config.signatures.find(
      // RFC 9846 §4.3.3-16
      (candidate) => candidate.id === proof.scheme && maySign(candidate, proof.version, peerRole),
    );
    if (scheme === undefined)
      throw new TlsError('ERR_SCHEME_NOT_OFFERED', { detail: `0x${proof.scheme.toString(16)}` });

    const { verdict, key } = yield* judge(subject, 'digitalSignature', context);
    // RFC 5246 ¶7.4.3-4, ¶7.4.8-3
    // RFC 9846 §4.3.3-1, §4.5.2-6
    if (!scheme.fits(key, tls13))
      throw new TlsError('ERR_SCHEME_KEY', { detail: `${scheme.name} with a key of kind ${key.kind}` });
    const good = yield* request('verifySignature', { verifier: crypto.verifier, scheme, key, input, signature });
    if (good !== true) throw new TlsError('ERR_BAD_SIGNATURE', { detail: scheme.name });
    effects.info('peerSignatureScheme', { id: scheme.id, name: scheme.name });
    for (const text of describeVerdict(verdict)) effects.note({ by: config.role, text });
    effects.note({ by: config.role, text: `its key signed this very handshake (${scheme.name})` });
    return new AuthenticatedPeer(peerInfoOf(subject, verdict), key);
  }

  // RFC 5246 ¶7.4.2-7
  /**
   * For the RSA key exchange: only the certificates are judged here. That the peer has the key is shown by its Finished,
   * which only one who could decrypt can make (RFC 5246 section 7.4.7.1).
   */
  static *trustForEncryption(subject: Subject, context: Context<Config>): Step<AuthenticatedPeer> {
    const { verdict, key } = yield* judge(subject, 'keyEncipherment', context);
    for (const text of describeVerdict(verdict)) context.effects.note({ by: context.config.role, text });
    return new AuthenticatedPeer(peerInfoOf(subject, verdict), key);
  }
}

/** Sends Certificate and CertificateVerify; without a credential an empty Certificate, alone. Returns what was sent. */
export function* proveOurselves(
  credential: Credential | undefined,
  peer: {
    readonly schemes: readonly number[];
    readonly wantsOcsp: boolean;
    readonly wantsSct: boolean;
    readonly requestContext: Uint8Array;
  },
  transcript: { add(message: Uint8Array): void; digest(): Uint8Array },
  context: Context<Config>,
): Step<Uint8Array[]> {
  const { config, effects } = context;
  const certificate = encodeHandshake(HANDSHAKE_CERTIFICATE, encode(Certificate, certificateMessage(credential, peer)));
  transcript.add(certificate);
  if (credential === undefined) return [certificate];
  if (credential.chain[0] !== undefined) effects.info('ownCertificate', credential.chain[0]);

  const scheme = chooseScheme(credential, peer.schemes, config.signingAlgorithms, TLS_1_3, config.role);
  if (scheme === undefined) throw new TlsError('ERR_NO_SHARED_SCHEME');
  const input = signedContent(config.role, transcript.digest());
  const signature = yield* request('sign', { credential, scheme: scheme.id, input });
  const verify = encodeHandshake(
    HANDSHAKE_CERTIFICATE_VERIFY,
    encode(CertificateVerify, { scheme: scheme.id, signature }),
  );
  transcript.add(verify);
  effects.info('signatureScheme', { id: scheme.id, name: scheme.name });
  return [certificate, verify];
}

// RFC 9846 §4.5.1.2-2
/** The first scheme of our key, in its order, that the peer accepts and the version allows. */
export function chooseScheme(
  credential: Credential,
  peerSchemes: readonly number[],
  ours: readonly SignatureScheme[],
  version: 0x0303 | 0x0304,
  signer: Role,
): SignatureScheme | undefined {
  for (const id of credential.signer.schemes) {
    if (!peerSchemes.includes(id)) continue;
    const scheme = ours.find((candidate) => candidate.id === id && maySign(candidate, version, signer));
    if (scheme?.fits(credential.signer.publicKey, version === TLS_1_3)) return scheme;
  }
  return undefined;
}

/** May it sign in a handshake of this version, in this role? */
export function maySign(
  { handshake12, handshake13 }: SignatureScheme,
  version: 0x0303 | 0x0304,
  signer: Role,
): boolean {
  return version === TLS_1_3 ? handshake13 === true || handshake13 === signer : handshake12;
}

/** Ids of the schemes that the certificates of a peer may be signed with. */
export function certificateSchemesOf(config: CommonConfig): readonly number[] {
  // RFC 9963 section 3: its code points are for CertificateVerify alone.
  const schemes = config.signatures.filter(({ handshake13 }) => handshake13 !== 'client').map(({ id }) => id);
  return config.certificateSignatures ?? schemes;
}

/** ClientCertificateType of TLS 1.2 (RFC 5246 section 7.4.4, RFC 8422 section 5.5): rsa_sign, or ecdsa_sign, for EdDSA too. */
export function certificateTypeOf(credential: Credential): 1 | 64 {
  return credential.signer.publicKey.kind === 'rsa' ? 1 : 64;
}

/** What CertificateVerify signs: 64 spaces, the context, a zero byte, the transcript (RFC 9846 section 4.5.2). */
export function signedContent(signer: Role, transcriptDigest: Uint8Array): Uint8Array {
  return concat(
    new Uint8Array(64).fill(0x20),
    fromAscii(`TLS 1.3, ${signer} CertificateVerify`),
    Uint8Array.of(0),
    transcriptDigest,
  );
}

function certificateMessage(
  credential: Credential | undefined,
  peer: { readonly wantsOcsp: boolean; readonly wantsSct: boolean; readonly requestContext: Uint8Array },
): Certificate {
  const leafExtensions: RawExtension[] = [];
  if (peer.wantsOcsp && credential?.ocspResponse !== undefined) {
    // RFC 9846 §4.5.1.1-1, §4.5.1.1-4
    leafExtensions.push(writeExtension(statusRequest, 'Certificate', { response: credential.ocspResponse }));
  }
  if (peer.wantsSct && credential?.sctList !== undefined) {
    leafExtensions.push(writeExtension(signedCertificateTimestamp, 'Certificate', credential.sctList));
  }
  // RFC 5246 ¶7.4.2-3
  // RFC 9846 §4.5.1-8
  const entries = (credential?.chain ?? []).map((certData, index) => ({
    certData,
    extensions: index === 0 ? leafExtensions : [],
  }));
  return { requestContext: peer.requestContext, entries };
}

function* judge(
  subject: Subject,
  keyUse: PresentedPeer['keyUse'],
  context: Context<Config>,
): Step<{ readonly verdict: Verdict; readonly key: PublicKey }> {
  const peer = presentedPeer(subject, keyUse, context);
  const verdict = yield* request('verifyPeer', { verifier: subject.verifier, peer });
  const key = decodeSubjectPublicKeyInfo(acceptedKey(verdict, subject.tolerant));
  if (key === undefined) throw new TlsError('ERR_CERTIFICATE_UNREADABLE');
  return { verdict, key };
}

function peerInfoOf({ presented }: Subject, verdict: Verdict): PeerInfo {
  return {
    chain: presented.chain,
    verdict,
    identities: verdict.ok ? verdict.details?.identities : undefined,
    ocspResponse: presented.ocspResponses[0],
    sctList: presented.sctLists[0],
  };
}

function presentedPeer(subject: Subject, keyUse: PresentedPeer['keyUse'], context: Context<Config>): PresentedPeer {
  const { config } = context;
  return {
    role: config.role,
    ...subject.presented,
    serverName: subject.serverName,
    certificateSchemes: certificateSchemesOf(config),
    keyUse,
    now: context.now(),
  };
}

/** Anything but an explicit yes is a no. */
function acceptedKey(verdict: Verdict, tolerant: boolean): Uint8Array {
  if (verdict?.ok === true && verdict.publicKey instanceof Uint8Array) return verdict.publicKey;
  if (verdict?.ok === false) {
    const { failure, publicKey } = verdict;
    if (tolerant && publicKey !== undefined) return publicKey;
    throw new TlsError('ERR_PEER_REFUSED', { failure });
  }
  throw new TlsError('ERR_VERIFIER_FAILED', { detail: 'its answer is neither a yes nor a no' });
}

function describeVerdict(verdict: Verdict): readonly string[] {
  if (!verdict.ok) return [`certificate not trusted: ${verdict.failure.code}`];
  return verdict.checks ?? ['certificate trusted'];
}

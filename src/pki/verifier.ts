import { equalBytes } from '../bytes/bytes.ts';
import { DerError } from '../bytes/der.ts';
import type { MaybePromise, SignatureVerifier } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import type { PeerVerifier, PresentedPeer, Verdict } from '../handshake/peer.ts';
import {
  authorityKeyId,
  type Certificate,
  EKU_CLIENT_AUTH,
  EKU_SERVER_AUTH,
  issuerUris,
  readCertificate,
  subjectAltNames,
  subjectKeyId,
} from './certificate.ts';
import {
  type CheckOptions,
  checkAny,
  checkAuthority,
  checkLeaf,
  checkName,
  checkSignatureAlgorithm,
} from './checks.ts';
import { nameText } from './general-name.ts';
import { sameName } from './names.ts';
import { readPem } from './pem.ts';
import { duration, type Finding, failureOf, isFinding, orMalformed } from './verdict.ts';

/** How certificates are judged. */
export interface CertificateVerifierOptions {
  /** Certificates that are trusted as they are: DER, or PEM text with one or more. */
  readonly anchors: string | readonly (string | Uint8Array)[];
  /** Where signatures are checked: `provider.verifier`. */
  readonly signatures: SignatureVerifier;
  /** More certificates that a path may go through. Default: only what the peer sends. */
  readonly intermediates?: string | readonly (string | Uint8Array)[];
  /** Smallest RSA key, in bits. Default: 2048. */
  readonly leastRsaBits?: number;
  /** Most authorities between leaf and anchor. Default: 8. */
  readonly maxIntermediates?: number;
  /** A client checks the server's name. Without a name there is nothing to check, which is an error unless this is true. */
  readonly allowNoServerName?: boolean;
}

/** What the verdict of {@link certificateVerifier} tells beyond yes. */
export interface VerdictDetails {
  /** Whom the certificate names. */
  readonly identities: {
    /** RFC 4514. */
    readonly subject: string;
    readonly dns: readonly string[];
    readonly emails: readonly string[];
    /** SPIFFE ids among them. */
    readonly uris: readonly string[];
  };
  /** Milliseconds since 1970: when the first certificate of the path expires. */
  readonly expires: number;
}

/** A chain has at most so many certificates, and a search takes at most so many steps and signatures. */
const MOST_CERTIFICATES = 32;
const MOST_STEPS = 2_000;
const MOST_SIGNATURES = 100;

/**
 * A verifier that finds a path from the peer's certificate to an anchor, and checks every certificate on it
 * (RFC 5280 section 6): signatures, validity, authority, usage, purpose, and the name that was asked for (RFC 9525).
 * Name constraints and policies that are critical refuse a path; revocation is not looked at.
 * @throws TlsError ERR_OPTION or ERR_KEY when it cannot be made.
 *
 * @example
 * ```ts
 * import { certificateVerifier } from 'warifu/pki';
 * import { nobleProvider } from 'warifu/crypto/noble';
 * const verifier = certificateVerifier({ anchors: [], signatures: nobleProvider().verifier });
 * verifier.authorities; // the names of the anchors: none
 * ```
 */
export function certificateVerifier(options: CertificateVerifierOptions): PeerVerifier {
  const known = ['anchors', 'signatures', 'intermediates', 'leastRsaBits', 'maxIntermediates', 'allowNoServerName'];
  for (const key of Object.keys(options))
    if (!known.includes(key)) throw new TlsError('ERR_OPTION', { detail: `${key}: there is no such option` });
  if (typeof options.signatures?.verify !== 'function')
    throw new TlsError('ERR_OPTION', { detail: 'signatures: it is needed' });
  const anchors = readCertificates(options.anchors, 'anchors');
  const extra = readCertificates(options.intermediates ?? [], 'intermediates');
  return {
    authorities: anchors.map(({ subject }) => subject),
    verify: (peer) => judge(peer, anchors, extra, options),
  };
}

/**
 * Certificates from DER and PEM, in order.
 * @throws TlsError ERR_KEY when one cannot be read.
 */
export function readCertificates(
  source: string | readonly (string | Uint8Array)[],
  what: string = 'certificates',
): readonly Certificate[] {
  const list = typeof source === 'string' ? [source] : source;
  const ders = list.flatMap((item) =>
    typeof item === 'string'
      ? readPem(item)
          .filter(
            ({ label }) => label === 'CERTIFICATE' || label === 'X509 CERTIFICATE' || label === 'TRUSTED CERTIFICATE',
          )
          .map(({ der }) => der)
      : [item],
  );
  return ders.map((der, index) => {
    try {
      return readCertificate(der);
    } catch (error) {
      if (error instanceof DerError)
        throw new TlsError('ERR_KEY', { detail: `${what}: certificate ${index}: ${error.message}`, cause: error });
      throw error;
    }
  });
}

function judge(
  peer: PresentedPeer,
  anchors: readonly Certificate[],
  extra: readonly Certificate[],
  options: CertificateVerifierOptions,
): MaybePromise<Verdict> {
  const chain: Certificate[] = [];
  if (peer.chain.length > MOST_CERTIFICATES) {
    return no(
      failureOf(
        {
          code: 'CERT_TOO_LARGE',
          what: `it has ${peer.chain.length} certificates, at most ${MOST_CERTIFICATES} are read`,
        },
        undefined,
        0,
      ),
    );
  }
  for (const [position, der] of peer.chain.entries()) {
    const certificate = orMalformed(() => readCertificate(der), 'RFC 5280 section 4.1');
    if (isFinding(certificate)) {
      // Only the leaf has to be readable: what else was sent may be of no use to us (RFC 9846 section 4.5.1).
      if (position === 0)
        return no(failureOf({ ...certificate, what: `certificate 0: ${certificate.what}` }, undefined, 0));
      continue;
    }
    chain.push(certificate);
  }
  const leaf = chain[0]!;
  const checks: CheckOptions = {
    now: peer.now,
    purpose: peer.role === 'client' ? EKU_SERVER_AUTH : EKU_CLIENT_AUTH,
    keyUse: peer.keyUse,
    leastRsaBits: options.leastRsaBits ?? 2048,
    certificateSchemes: peer.certificateSchemes,
  };
  const finding =
    checkAny(leaf, checks) ??
    checkLeaf(leaf, checks) ??
    (peer.role === 'client' ? nameFinding(leaf, peer, options) : undefined);
  if (finding !== undefined) return { ...no(failureOf(finding, leaf, 0)), publicKey: leaf.spki };
  const search = new Search(chain, anchors, [...chain.slice(1), ...extra], checks, options, peer.serverName);
  return drive(search.run(), options.signatures);
}

function nameFinding(leaf: Certificate, peer: PresentedPeer, options: CertificateVerifierOptions): Finding | undefined {
  if (peer.serverName !== undefined) return checkName(leaf, peer.serverName);
  if (options.allowNoServerName === true) return undefined;
  return {
    code: 'CERT_NO_NAME',
    what: 'there is no name to hold it against',
    advice: 'give serverName, or say allowNoServerName and check the identity in another way',
    rfc: 'RFC 9525 section 6.1',
  };
}

/** A signature that has to be checked before the search can go on. */
interface SignatureCheck {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
}

type Searching = Generator<SignatureCheck, Verdict, boolean>;

/** Depth first, with a way back: one bad branch does not spoil a good one (RFC 4158 section 2.4). */
class Search {
  readonly #chain: readonly Certificate[];
  readonly #anchors: readonly Certificate[];
  readonly #pool: readonly Certificate[];
  readonly #checks: CheckOptions;
  readonly #maxIntermediates: number;
  readonly #name: string | undefined;
  #steps = 0;
  #signatures = 0;
  /** The failure that came furthest: what a person wants to hear about. */
  #worst: { readonly depth: number; readonly finding: Finding; readonly certificate: Certificate } | undefined;

  constructor(
    chain: readonly Certificate[],
    anchors: readonly Certificate[],
    pool: readonly Certificate[],
    checks: CheckOptions,
    options: CertificateVerifierOptions,
    name: string | undefined,
  ) {
    this.#name = name;
    this.#chain = chain;
    this.#anchors = anchors;
    this.#pool = pool;
    this.#checks = checks;
    this.#maxIntermediates = options.maxIntermediates ?? 8;
  }

  *run(): Searching {
    const leaf = this.#chain[0]!;
    const path = yield* this.#extend([leaf]);
    if (path !== undefined) {
      return {
        ok: true,
        publicKey: leaf.spki,
        path: path.map(({ der }) => der),
        checks: this.#told(path),
        details: detailsOf(leaf, path),
      };
    }
    const worst = this.#worst ?? { finding: this.#noIssuer(leaf, [leaf]), certificate: leaf };
    return {
      ...no(failureOf(worst.finding, worst.certificate, this.#position(worst.certificate))),
      publicKey: leaf.spki,
    };
  }

  /** The checks that were passed, for people. */
  #told(path: readonly Certificate[]): readonly string[] {
    const { purpose, now } = this.#checks;
    const names = path.map(({ subject }) => nameText(subject)).join(', issued by ');
    const expires = Math.min(...path.map(({ notAfter }) => notAfter));
    return [
      `chain: ${names} (which is trusted here)`,
      `in force: none of it expires for ${duration(expires - now)}`,
      purpose === EKU_SERVER_AUTH
        ? `meant for a server${this.#name === undefined ? '' : `, and for the name ${this.#name}`}`
        : 'meant for a client',
    ];
  }

  *#extend(path: readonly Certificate[]): Generator<SignatureCheck, readonly Certificate[] | undefined, boolean> {
    const last = path[path.length - 1]!;
    if (++this.#steps > MOST_STEPS || this.#signatures > MOST_SIGNATURES) {
      this.#note(path, { code: 'CERT_BUDGET', what: 'the search for a path took too long' }, last);
      return undefined;
    }
    const weak = checkSignatureAlgorithm(last, this.#checks);
    if (weak !== undefined) {
      this.#note(path, weak, last);
      return undefined;
    }
    const anchors = this.#candidates(last, this.#anchors, path);
    for (const anchor of anchors) {
      if (yield* this.#signedBy(path, last, anchor)) return [...path, anchor];
    }
    const intermediates = this.#candidates(last, this.#pool, path);
    if (anchors.length + intermediates.length === 0) this.#note(path, this.#noIssuer(last, path), last);
    for (const issuer of intermediates) {
      const below = path.slice(1).filter((certificate) => !sameName(certificate.subject, certificate.issuer)).length;
      if (below >= this.#maxIntermediates) {
        this.#note(
          path,
          { code: 'CERT_PATH_LENGTH', what: `there are more than ${this.#maxIntermediates} authorities above it` },
          last,
        );
        continue;
      }
      const finding = checkAny(issuer, this.#checks) ?? checkAuthority(issuer, below, this.#checks);
      if (finding !== undefined) {
        this.#note([...path, issuer], finding, issuer);
        continue;
      }
      if (!(yield* this.#signedBy(path, last, issuer))) continue;
      const found = yield* this.#extend([...path, issuer]);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  *#signedBy(
    path: readonly Certificate[],
    certificate: Certificate,
    issuer: Certificate,
  ): Generator<SignatureCheck, boolean, boolean> {
    if (certificate.der === issuer.der || equalBytes(certificate.der, issuer.der)) return true;
    if (++this.#signatures > MOST_SIGNATURES) return false;
    if (yield { certificate, issuer }) return true;
    this.#note(
      path,
      {
        code: 'CERT_BAD_SIGNATURE',
        what: `its signature is not by ${nameText(issuer.subject)}`,
        rfc: 'RFC 5280 section 6.1.3(a)(1)',
      },
      certificate,
    );
    return false;
  }

  /** Issuers by name, not yet on the path; key identifiers only decide the order (RFC 4158 section 3.5.12). */
  #candidates(
    certificate: Certificate,
    among: readonly Certificate[],
    path: readonly Certificate[],
  ): readonly Certificate[] {
    const wanted = authorityKeyId(certificate)?.keyId;
    const rank = (issuer: Certificate): number => {
      const id = wanted === undefined ? undefined : orMalformed(() => subjectKeyId(issuer), '');
      return id instanceof Uint8Array ? (equalBytes(id, wanted!) ? 0 : 2) : 1;
    };
    return among
      .filter(
        (issuer) =>
          sameName(issuer.subject, certificate.issuer) &&
          !path.some((used) => used !== certificate && isSame(used, issuer)),
      )
      .filter((issuer) => !isSame(issuer, certificate) || among === this.#anchors)
      .sort((a, b) => rank(a) - rank(b));
  }

  #noIssuer(certificate: Certificate, path: readonly Certificate[]): Finding {
    const issuer = nameText(certificate.issuer);
    if (sameName(certificate.issuer, certificate.subject)) {
      return {
        code: path.length === 1 ? 'CERT_SELF_SIGNED' : 'CERT_UNTRUSTED',
        what: 'it vouches for itself, and is not among those that are trusted',
        advice: 'if it is the right one, give it as an anchor',
        rfc: 'RFC 5280 section 6.1.1(d)',
      };
    }
    const [uri] = issuerUris(certificate);
    return {
      code: path.length > 1 && uri === undefined ? 'CERT_UNTRUSTED' : 'CERT_MISSING_INTERMEDIATE',
      what: `its issuer, ${issuer}, is neither trusted nor was it sent`,
      advice:
        uri === undefined
          ? `if ${issuer} is to be trusted, give it as an anchor; if it is an intermediate, the peer has to send it`
          : `the peer has to send the certificate of its issuer, which is at ${uri}`,
      rfc: 'RFC 5280 section 6.1',
    };
  }

  #note(path: readonly Certificate[], finding: Finding, certificate: Certificate): void {
    if (this.#worst === undefined || path.length > this.#worst.depth)
      this.#worst = { depth: path.length, finding, certificate };
  }

  #position(certificate: Certificate): number {
    return this.#chain.findIndex((candidate) => isSame(candidate, certificate));
  }
}

function isSame(a: Certificate, b: Certificate): boolean {
  return a === b || equalBytes(a.der, b.der) || (equalBytes(a.subject, b.subject) && equalBytes(a.spki, b.spki));
}

/** Runs the search: without a promise as long as signatures are checked at once. */
function drive(search: Searching, signatures: SignatureVerifier, last?: boolean): MaybePromise<Verdict> {
  let result = search.next(last as boolean);
  while (result.done !== true) {
    const { certificate, issuer } = result.value;
    const { signatureAlgorithm } = certificate;
    const answer =
      signatureAlgorithm === undefined || issuer.publicKey === undefined
        ? false
        : signatures.verify(signatureAlgorithm, issuer.publicKey, certificate.tbs, certificate.signature);
    if (typeof answer !== 'boolean') return answer.then((good) => drive(search, signatures, good));
    result = search.next(answer);
  }
  return result.value;
}

function detailsOf(leaf: Certificate, path: readonly Certificate[]): VerdictDetails {
  const names = subjectAltNames(leaf) ?? [];
  const texts = (kind: 'dns' | 'email' | 'uri'): string[] =>
    names.flatMap((name) => (name.kind === kind ? [name.text] : []));
  return {
    identities: { subject: nameText(leaf.subject), dns: texts('dns'), emails: texts('email'), uris: texts('uri') },
    expires: Math.min(...path.map(({ notAfter }) => notAfter)),
  };
}

function no(failure: ReturnType<typeof failureOf>): { readonly ok: false; readonly failure: typeof failure } {
  return { ok: false, failure };
}

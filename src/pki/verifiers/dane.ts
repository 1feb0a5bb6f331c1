import { ownOf } from '../../bytes/shape.ts';
import { equalBytes } from '../../bytes/bytes.ts';
import type { CryptoProvider, MaybePromise } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { PeerVerifier, PresentedPeer, Verdict } from '../../handshake/peer.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { explicit, wishesOf } from './compose.ts';
import { leafOf, no } from './pins.ts';
import { detailsOf } from '../path/details.ts';
import { runSteps, type Steps, wait } from '../x509/steps.ts';
import { isFinding, orMalformed } from '../x509/verdict.ts';
import { certificateVerifier, type CertificateVerifierOptions } from './verifier.ts';

/** A TLSA record (RFC 6698 section 2.1). */
export interface TlsaRecord {
  /** 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE. */
  readonly usage: number;
  /** 0: the whole certificate; 1: SubjectPublicKeyInfo. */
  readonly selector: number;
  /** 0: as it is; 1: its SHA-256; 2: its SHA-512. */
  readonly matchingType: number;
  readonly data: Uint8Array;
}

/** The records of a name, as the program's resolver found them. */
export interface TlsaAnswer {
  readonly records: readonly TlsaRecord[];
  /** DNSSEC says that they are genuine. Without that they mean nothing, and are not used. */
  readonly authentic: boolean;
}

/** What a DANE verifier is told (RFC 6698). */
export interface DaneOptions {
  readonly crypto: Pick<CryptoProvider, 'hash' | 'verifier'>;
  /** Looks for the records of a server (`_443._tcp.` and its name): this library asks no resolver. */
  readonly records: (serverName: string) => MaybePromise<TlsaAnswer | undefined>;
  /** Judges what usages 0 and 1 want to be judged in the usual way too. Without it those records cannot be used. */
  readonly pkix?: PeerVerifier | undefined;
  /** Judges a server that has no record that can be used. Default: none; such a server is refused. */
  readonly fallback?: PeerVerifier | undefined;
  /** For paths to a DANE-TA. Default: those of {@link certificateVerifier}. */
  readonly rules?: Partial<Omit<CertificateVerifierOptions, 'anchors' | 'signatures'>> | undefined;
}

/**
 * DANE, for clients: the server's zone says which certificates or keys are its own (RFC 6698, RFC 7671).
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { daneVerifier } from 'warifu/pki';
 * const verifier = daneVerifier({ crypto: nobleProvider(), records: () => ({ authentic: true, records: [] }) });
 * ```
 */
export function daneVerifier(options: DaneOptions): PeerVerifier {
  options = ownOf(options);
  if (typeof options.records !== 'function') throw new TlsError('ERR_OPTION', { detail: 'records: it is needed' });
  const others = [options.pkix, options.fallback].filter((verifier) => verifier !== undefined);
  return { ...wishesOf(others), verify: (peer) => runSteps(judge(options, peer)) };
}

function* judge(options: DaneOptions, peer: PresentedPeer): Steps<Verdict> {
  const leaf = leafOf(peer);
  if (isFinding(leaf)) return no(leaf, undefined);
  const { serverName } = peer;
  if (peer.role !== 'client' || serverName === undefined)
    return no({ code: 'CERT_NO_NAME', what: 'DANE is about servers that were asked for by name' }, leaf);
  const answer = yield* wait(options.records(serverName));
  const usable = answer?.authentic === true ? usableRecords(answer.records, options) : [];
  if (usable.length === 0) {
    if (options.fallback !== undefined) return explicit(yield* wait(options.fallback.verify(peer)));
    const what = answer === undefined ? 'the name has no TLSA records' : 'none of its TLSA records can be used';
    return no({ code: 'CERT_UNTRUSTED', what, rfc: 'RFC 7671 section 4' }, leaf);
  }
  const chain = peer.chain.map((der) => orMalformed(() => readCertificate(der), 'RFC 5280 section 4.1'));
  const readable = chain.filter((certificate): certificate is Certificate => !isFinding(certificate));
  const fits = matcher(options.crypto);
  // Asked once, however many records want it.
  let judged: Verdict | undefined;
  const pkix = function* (): Steps<Verdict> {
    judged ??= explicit(yield* wait(options.pkix!.verify(peer)));
    return judged;
  };
  let refusal: Verdict | undefined;
  // One that fits is enough; the strongest statement first.
  const sorted = [...usable].sort((a, b) => b.usage - a.usage);
  const lastAnchor = sorted.findLast(({ usage }) => usage === 2);
  for (const record of sorted) {
    const verdict = record.usage === 2 ? undefined : yield* byRecord(record, leaf, fits, pkix);
    if (verdict?.ok === true) return verdict;
    refusal ??= verdict;
    // All authorities of the zone together: a path is looked for once.
    if (record !== lastAnchor) continue;
    const byAnchor = yield* byAuthorities(usable, readable, fits, options, peer);
    if (byAnchor?.ok === true) return byAnchor;
    refusal ??= byAnchor;
  }
  if (refusal !== undefined) return refusal;
  return no(
    {
      code: 'CERT_PIN_MISMATCH',
      what: `none of the TLSA records of ${serverName} is about it`,
      expected: usable.map(({ usage, selector, matchingType }) => `${usage} ${selector} ${matchingType}`).join(', '),
      rfc: 'RFC 6698 section 2.1',
    },
    leaf,
  );
}

/** Undefined: no record is about an authority of the chain. */
function* byAuthorities(
  records: readonly TlsaRecord[],
  chain: readonly Certificate[],
  fits: Matcher,
  options: DaneOptions,
  peer: PresentedPeer,
): Steps<Verdict | undefined> {
  const own = records.filter(({ usage }) => usage === 2);
  const anchors = chain
    .filter((certificate, index) => index > 0 && own.some((record) => fits(record, certificate)))
    .map(({ der }) => der);
  // RFC 7671 section 5.2.2: the record may hold the certificate itself, and the server need not send it.
  for (const { selector, matchingType, data } of own) if (selector === 0 && matchingType === 0) anchors.push(data);
  if (anchors.length === 0) return undefined;
  const inner = certificateVerifier({ ...options.rules, anchors, signatures: options.crypto.verifier });
  return withCheck(explicit(yield* wait(inner.verify(peer))), 'its authority is in the zone (DANE-TA)');
}

/** Undefined: this record is not about the chain. */
function* byRecord(
  record: TlsaRecord,
  leaf: Certificate,
  fits: Matcher,
  pkix: () => Steps<Verdict>,
): Steps<Verdict | undefined> {
  switch (record.usage) {
    case 3:
      // RFC 7671 section 5.1: neither names nor dates matter, the zone has said which key it is.
      if (!fits(record, leaf)) return undefined;
      return {
        ok: true,
        publicKey: leaf.spki,
        path: [leaf.der],
        checks: ['its key is in the zone (DANE-EE)'],
        // The whole certificate stands in the zone, or only its key.
        details: detailsOf([leaf], { verified: record.selector === 0 }),
      };
    default: {
      const verdict = yield* pkix();
      if (!verdict.ok) return verdict;
      if (record.usage === 1)
        return fits(record, leaf) ? withCheck(verdict, 'it is in the zone, too (PKIX-EE)') : undefined;
      const above = verdict.path.slice(1).some((der) => fits(record, readCertificate(der)));
      return above ? withCheck(verdict, 'its authority is in the zone, too (PKIX-TA)') : undefined;
    }
  }
}

function withCheck(verdict: Verdict, check: string): Verdict {
  return verdict.ok ? { ...verdict, checks: [...(verdict.checks ?? []), check] } : verdict;
}

/** So many records of a name are looked at. */
const MAX_RECORDS = 64;

/** RFC 7671 section 4: what cannot be understood is as if it were not there. */
function usableRecords(records: readonly TlsaRecord[], options: DaneOptions): readonly TlsaRecord[] {
  const usable = records.filter(({ usage, selector, matchingType, data }) => {
    if (![0, 1, 2, 3].includes(usage) || ![0, 1].includes(selector)) return false;
    if (usage < 2 && options.pkix === undefined) return false;
    if (matchingType === 0) return data.length > 0 && (selector === 1 || isCertificate(data));
    return (matchingType === 1 && data.length === 32) || (matchingType === 2 && data.length === 64);
  });
  // RFC 7671 section 9: of several digests of the same, the strongest counts.
  return usable
    .slice(0, MAX_RECORDS)
    .filter(
      (record) =>
        record.matchingType !== 1 ||
        !usable.some(
          ({ usage, selector, matchingType }) =>
            usage === record.usage && selector === record.selector && matchingType === 2,
        ),
    );
}

type Matcher = (record: TlsaRecord, certificate: Certificate) => boolean;

/** Does a record mean this certificate? Each digest of a certificate is made once, however many records there are. */
function matcher(crypto: DaneOptions['crypto']): Matcher {
  const made = new Map<Certificate, Map<string, Uint8Array>>();
  return ({ selector, matchingType, data }, certificate) => {
    const content = selector === 0 ? certificate.der : certificate.spki;
    if (matchingType === 0) return equalBytes(content, data);
    const digests = made.get(certificate) ?? new Map<string, Uint8Array>();
    made.set(certificate, digests);
    const key = `${selector} ${matchingType}`;
    const digest = digests.get(key) ?? crypto.hash(matchingType === 1 ? 'sha256' : 'sha512').digest(content);
    digests.set(key, digest);
    return equalBytes(digest, data);
  };
}

function isCertificate(der: Uint8Array): boolean {
  return !isFinding(orMalformed(() => readCertificate(der), 'RFC 5280 section 4.1'));
}

import { ownOf } from '../../bytes/shape.ts';
import { toHex } from '../../bytes/bytes.ts';
import { DerError } from '../../bytes/der.ts';
import type { CryptoProvider, MaybePromise } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { PeerVerifier, PresentedPeer, Verdict } from '../../handshake/peer.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { ocspStatus, sctListOf } from '../revocation/ocsp-status.ts';
import { authorityOf } from '../revocation/status.ts';
import { embeddedSctList, type Log, logIndex, readSctList, type SctSource, verifySct } from '../x509/sct.ts';
import { runSteps, type Steps, wait } from '../x509/steps.ts';
import { failureOf, type Finding } from '../x509/verdict.ts';

/** Which logs count, and how many of them have to have seen a certificate. */
export interface TransparencyOptions {
  /** The provider checks the signatures of the logs. */
  readonly crypto: Pick<CryptoProvider, 'hash' | 'verifier'>;
  /** The logs that count. A log in this list twice counts once. */
  readonly logs: readonly Log[];
  /** Timestamps of so many different logs. Default: 2. */
  readonly minLogs?: number | undefined;
  /** From so many different operators. Default: 2. */
  readonly minOperators?: number | undefined;
  /** Milliseconds that clocks may differ. Default: 300,000. */
  readonly clockSkew?: number | undefined;
}

const DEFAULT_SKEW = 300_000;
const WEEK = 604_800_000;
/** Timestamps whose signatures are looked at: a peer that shows more has chosen the wrong ones. */
const MAX_VERIFIED = 32;

/**
 * A verifier that asks another one, and if that says yes demands that the leaf was logged (RFC 6962): by timestamps in
 * the certificate, in the handshake, or in a stapled OCSP response that can be believed.
 * @throws TlsError ERR_OPTION for an option that is not possible.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { certificateVerifier, transparencyVerifier } from 'warifu/pki';
 * const crypto = nobleProvider();
 * const inner = certificateVerifier({ anchors: [], signatures: crypto.verifier });
 * const verifier = transparencyVerifier(inner, { crypto, logs: [], minLogs: 0, minOperators: 0 });
 * verifier.wantsSct; // true
 * ```
 */
export function transparencyVerifier(inner: PeerVerifier, options: TransparencyOptions): PeerVerifier {
  options = ownOf(options);
  checkOptions(options);
  const logs = logIndex(options.logs, options.crypto.hash('sha256'));
  return {
    ...(inner.authorities !== undefined && { authorities: inner.authorities }),
    ...(inner.wantsOcsp !== undefined && { wantsOcsp: inner.wantsOcsp }),
    wantsSct: true,
    verify: (peer): MaybePromise<Verdict> => runSteps(judge(inner, options, logs, peer)),
  };
}

function* judge(
  inner: PeerVerifier,
  options: TransparencyOptions,
  logs: ReadonlyMap<string, Log>,
  peer: PresentedPeer,
): Steps<Verdict> {
  const verdict = yield* wait(inner.verify(peer));
  if (!verdict.ok) return verdict;
  const [leaf, issuer] = verdict.path.map((der) => orUndefined(() => readCertificate(der)));
  if (leaf === undefined) {
    return no({ code: 'CERT_TRANSPARENCY', what: 'the verifier gave no path to look at' }, undefined);
  }
  const finding = yield* checkTransparency(leaf, issuer, peer, options, logs);
  return finding === undefined ? verdict : { ...no(finding, leaf), publicKey: leaf.spki };
}

function* checkTransparency(
  leaf: Certificate,
  issuer: Certificate | undefined,
  peer: PresentedPeer,
  options: TransparencyOptions,
  logs: ReadonlyMap<string, Log>,
): Steps<Finding | undefined> {
  const { crypto, minLogs = 2, minOperators = 2, clockSkew = DEFAULT_SKEW } = options;
  const seen = new Set<Log>();
  let why = 'it came with no timestamp';
  let verified = 0;
  for (const [source, list] of yield* sctLists(leaf, issuer, peer, options)) {
    const scts = orUndefined(() => readSctList(list));
    if (scts === undefined) {
      why = 'a list of timestamps cannot be read';
      continue;
    }
    for (const sct of scts) {
      const known = logs.get(toHex(sct.logId));
      if (known !== undefined && (seen.has(known) || ++verified > MAX_VERIFIED)) continue;
      const log = yield* verifySct(
        sct,
        source,
        leaf,
        issuer?.spki,
        logs,
        peer.now + clockSkew,
        crypto.hash('sha256'),
        crypto.verifier,
      );
      if (typeof log === 'string') why = `of a timestamp: ${log}`;
      else seen.add(log);
    }
  }
  const operators = new Set([...seen].map(({ operator }) => operator));
  if (seen.size >= minLogs && operators.size >= minOperators) return undefined;
  return {
    code: 'CERT_TRANSPARENCY',
    what: `too few logs have seen it (${why})`,
    expected: `${minLogs} logs of ${minOperators} operators`,
    found: `${seen.size} of ${operators.size}`,
    rfc: 'RFC 6962 section 5.2',
  };
}

type Lists = (readonly [source: SctSource, list: Uint8Array])[];

function* sctLists(
  leaf: Certificate,
  issuer: Certificate | undefined,
  peer: PresentedPeer,
  options: TransparencyOptions,
): Steps<Lists> {
  const lists: Lists = [];
  const embedded = orUndefined(() => embeddedSctList(leaf));
  if (embedded !== undefined) lists.push(['certificate', embedded]);
  const sent = peer.sctLists[0];
  if (sent !== undefined) lists.push(['handshake', sent]);
  const response = peer.ocspResponses[0];
  const stapled =
    response === undefined || issuer === undefined
      ? undefined
      : yield* stapledList(response, leaf, issuer, peer.now, options);
  if (stapled !== undefined) lists.push(['ocsp', stapled]);
  return lists;
}

function* stapledList(
  response: Uint8Array,
  leaf: Certificate,
  issuer: Certificate,
  now: number,
  options: TransparencyOptions,
): Steps<Uint8Array | undefined> {
  const { crypto, clockSkew = DEFAULT_SKEW } = options;
  const { single } = yield* ocspStatus({
    certificate: leaf,
    issuer: authorityOf(issuer),
    response,
    freshness: { now, skew: clockSkew, maxAge: undefined, ageWithoutNext: WEEK, grace: 0 },
    hash: crypto.hash,
    *verify(algorithm, key, message, signature) {
      if (algorithm === undefined || key === undefined) return false;
      return (yield* wait(crypto.verifier.verify(algorithm, key, message, signature))) === true;
    },
  });
  return single && sctListOf(single);
}

function no(finding: Finding, certificate: Certificate | undefined): Extract<Verdict, { readonly ok: false }> {
  return { ok: false, failure: failureOf(finding, certificate, 0) };
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function checkOptions(options: TransparencyOptions): void {
  const known = ['crypto', 'logs', 'minLogs', 'minOperators', 'clockSkew'];
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TlsError('ERR_OPTION', { detail: `${name}: there is no such option` });
  }
  if (typeof options.crypto?.verifier?.verify !== 'function')
    throw new TlsError('ERR_OPTION', { detail: 'crypto: it is needed' });
  if (!Array.isArray(options.logs)) throw new TlsError('ERR_OPTION', { detail: 'logs: it has to be a list' });
  for (const name of ['minLogs', 'minOperators', 'clockSkew'] as const) {
    const value = options[name];
    if (value !== undefined && !(typeof value === 'number' && value >= 0))
      throw new TlsError('ERR_OPTION', { detail: `${name}: it has to be a number, 0 or more` });
  }
}

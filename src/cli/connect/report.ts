import { toHex } from '../../bytes/bytes.ts';
import type { VerificationFailure } from '../../handshake/peer.ts';
import { alertDescriptionName } from '../../inspect/names.ts';
import type { Attempt } from './attempt.ts';
import { type ChainEntry, judgeChain } from './certificates.ts';
import type { Judge } from './judge.ts';
import type { Observed } from './observed.ts';
import { type StartTlsName, usualStartTls } from './starttls.ts';
import { type Target, targetText } from './target.ts';

/** What is told of a connection: `--json`, and what the text is made from. */
export interface Report {
  readonly target: string;
  readonly address: string | undefined;
  /** The handshake was done, and the server is who it has to be. */
  readonly ok: boolean;
  readonly startTls: StartTlsName | undefined;
  readonly serverName: string | undefined;
  readonly trusted: boolean | undefined;
  readonly trustedBy: string;
  readonly failure: VerificationFailure | undefined;
  readonly error: ReportedError | undefined;
  readonly chain: readonly ChainEntry[];
  readonly negotiated: Negotiated;
  readonly clientCertificate: {
    readonly asked: boolean;
    /** Whose certificates the server takes; empty: it does not say. */
    readonly authorities: readonly string[];
    readonly shown: boolean;
    readonly why: string | undefined;
  };
  readonly ocspStaple: boolean;
  readonly certificateTimestamps: boolean;
  readonly tickets: number;
  readonly clientRandom: string | undefined;
  readonly milliseconds: { readonly dial: number; readonly startTls: number | undefined; readonly handshake: number };
}

/** What both sides agreed on; what is undefined was not come to. */
export interface Negotiated {
  readonly version: string | undefined;
  readonly suite: string | undefined;
  readonly group: string | undefined;
  readonly signature: string | undefined;
  readonly alpn: string | undefined;
  readonly resumed: boolean | undefined;
  readonly retried: boolean | undefined;
  readonly extendedMasterSecret: boolean | undefined;
  readonly serverNameAcknowledged: boolean | undefined;
  readonly earlyData: { readonly accepted: boolean; readonly bytes: number; readonly reason?: string } | undefined;
}

export interface ReportedError {
  readonly code: string;
  readonly message: string;
  /** The alert that we sent, or that the server did. */
  readonly alert: string | undefined;
  readonly alertReceived: string | undefined;
  readonly rfc: string | undefined;
  readonly advice: string | undefined;
}

/** Everything that is known at this moment. */
export function reportOf(
  target: Target,
  result: Attempt,
  {
    judge,
    observed,
    startTls,
    trustedBy,
    now,
  }: {
    readonly judge: Judge;
    readonly observed: Observed;
    readonly startTls: StartTlsName | undefined;
    readonly trustedBy: string;
    readonly now: number;
  },
): Report {
  const { info, address, times } = result;
  const error = result.error ?? result.lateError;
  const { shown, verdict } = judge;
  const isJudged = info.resumed !== true || shown !== undefined;
  return {
    target: targetText(target),
    address,
    ok: error === undefined && !judge.refuses,
    startTls,
    serverName: info.serverName,
    trusted: isJudged ? verdict?.ok : info.peer?.verdict.ok,
    trustedBy,
    failure: verdict?.ok === false ? verdict.failure : undefined,
    error:
      error === undefined
        ? undefined
        : {
            code: error.code,
            message: error.message,
            alert: error.alert === undefined ? undefined : alertDescriptionName(error.alert),
            alertReceived: error.alertReceived === undefined ? undefined : alertDescriptionName(error.alertReceived),
            rfc: error.rfc,
            advice: adviceFor(
              error.code,
              target,
              startTls,
              observed.authorities !== undefined && info.authenticated !== true,
            ),
          },
    chain: judgeChain(shown?.chain ?? info.peer?.chain ?? [], verdict ?? info.peer?.verdict, now),
    negotiated: {
      version: info.version,
      suite: info.suite?.name,
      group: info.group?.name,
      signature: info.peerSignatureScheme?.name,
      alpn: info.alpn,
      resumed: info.resumed,
      retried: info.retried,
      extendedMasterSecret: info.extendedMasterSecret,
      serverNameAcknowledged: info.serverNameAcknowledged,
      earlyData: info.earlyData,
    },
    clientCertificate: {
      asked: observed.authorities !== undefined,
      authorities: observed.authorities ?? [],
      shown: info.authenticated === true,
      why: info.noCredential,
    },
    ocspStaple: shown?.ocspResponses[0] !== undefined,
    certificateTimestamps: shown?.sctLists[0] !== undefined,
    tickets: observed.tickets,
    clientRandom: info.clientRandom && toHex(info.clientRandom),
    milliseconds: {
      dial: rounded(times.dial),
      startTls: times.startTls === undefined ? undefined : rounded(times.startTls),
      handshake: rounded(times.handshake),
    },
  };
}

function adviceFor(
  code: string,
  { port }: Target,
  startTls: StartTlsName | undefined,
  noCredential: boolean,
): string | undefined {
  if (noCredential && ['ERR_ALERT_RECEIVED', 'ERR_TRUNCATED'].includes(code))
    return 'to show a certificate: --certificate FILE --key FILE';
  const usual = usualStartTls(port);
  if (startTls !== undefined || usual === undefined) return undefined;
  if (!['ERR_NOT_TLS', 'ERR_HANDSHAKE_TIMEOUT', 'ERR_TRUNCATED', 'ERR_TRANSPORT'].includes(code)) return undefined;
  return `port ${port} usually begins in plaintext: --starttls ${usual}`;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

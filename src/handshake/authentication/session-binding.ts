import { equalBytes } from '../../bytes/bytes.ts';
import type { ServerConfig } from '../config.ts';
import type { Context } from '../context.ts';
import { type ClientHelloSummary, request, type ContextSelection, type Step } from '../requests.ts';
import type { PeerVerifier } from '../peer.ts';
import { identityOf, MAX_TICKET_LIFETIME, policyOf, type SessionPeer } from '../session.ts';
import { certificateSchemesOf } from './certificates.ts';
import type { ServerSession } from './server-session.ts';

/** Is a session the client's to resume, here and now? The same for both versions. */

/** What the client wants, as far as a session depends on it. */
export interface AskedFor {
  readonly read: { readonly summary: ClientHelloSummary };
  /** The application protocol. */
  readonly protocol: string | undefined;
  readonly choices: ContextSelection;
}

/** How the client's certificate is judged. */
export interface ClientRules {
  readonly clientAuth: 'none' | 'request' | 'optional' | 'require';
  readonly verifier: PeerVerifier | undefined;
  /** Ids of the extensions in our CertificateRequest. */
  readonly requested: ReadonlySet<number>;
}

/** Not too old, and begun under the same binding. */
export function isResumable(session: ServerSession, from: AskedFor, context: Context<ServerConfig>): boolean {
  const now = context.now();
  const age = now - session.issuedAt;
  return (
    age >= -CLOCKS_APART &&
    age < session.lifetime * 1000 &&
    now - session.since < MAX_TICKET_LIFETIME * 1000 &&
    equalBytes(session.binding, sessionBinding(from, context))
  );
}

/**
 * All that has to be the same for a session to be resumed: the server it was with, how clients are judged, the name asked
 * for and the protocol. So no session is resumed anywhere but where it began.
 */
export function sessionBinding({ read, protocol, choices }: AskedFor, context: Context<ServerConfig>): Uint8Array {
  const { config } = context;
  const { clientAuth, verifier } = clientRules(choices, config);
  const name =
    choices.name !== undefined
      ? `=${choices.name}`
      : choices.credential && identityOf(choices.credential, context.crypto.random);
  const known = verifier === config.verifier ? config.verifierName : undefined;
  const policy = clientAuth === 'none' ? 'none' : policyOf(verifier, context.crypto.random, known);
  const { serverName } = read.summary;
  return context.crypto
    .hash('sha256')
    .digest(unambiguous([config.sessionContext, name, clientAuth, policy, serverName, protocol]));
}

/** Each part by its length and its UTF-16 units, so that no two lists give the same bytes. A part that is not there has a length that none has. */
function unambiguous(parts: readonly (string | undefined)[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += 4 + 2 * (part?.length ?? 0);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part?.length ?? 0xffff_ffff);
    at += 4;
    for (let i = 0; part !== undefined && i < part.length; i++, at += 2) view.setUint16(at, part.charCodeAt(i));
  }
  return out;
}

/** How this client is judged: as the program chose for it, or as it was configured. */
export function clientRules(
  choices: ContextSelection,
  config: ServerConfig,
): { readonly clientAuth: ServerConfig['clientAuth']; readonly verifier: PeerVerifier | undefined } {
  return { clientAuth: choices.clientAuth ?? config.clientAuth, verifier: choices.verifier ?? config.verifier };
}

/** Machines that share the keys of their tickets may disagree about the time by this many milliseconds. */
const CLOCKS_APART = 60_000;

/** Certificates expire, and rules change, while a ticket is on its way. */
export function* recheckClient(
  peer: SessionPeer,
  from: AskedFor,
  context: Context<ServerConfig>,
): Step<SessionPeer['verdict'] | undefined> {
  const { config } = context;
  const { verifier } = clientRules(from.choices, config);
  if (verifier === undefined) return undefined;
  const presented = {
    role: 'server',
    ...peer.presented,
    serverName: from.read.summary.serverName,
    certificateSchemes: certificateSchemesOf(config),
    keyUse: 'digitalSignature',
    now: context.now(),
  } as const;
  const verdict = yield* request('recheck', { verifier, peer: presented, before: peer.verdict });
  if (verdict?.ok === true) return verdict;
  context.effects.note({ by: 'server', text: 'the session is not resumed: its client would not be trusted any more' });
  return undefined;
}

import { plainView } from '../../bytes/bytes.ts';
import type { ClientConfig } from '../config.ts';
import type { Context } from '../context.ts';
import { request, type Step } from '../requests.ts';
import type { PresentedPeer } from '../peer.ts';
import { type ClientSession, MAX_TICKET_LIFETIME, policyOf } from '../session.ts';
import { certificateSchemesOf } from './certificates.ts';
import { hashOf } from './psk.ts';

// RFC 9846 §4.7.1-3
/** Two connections share sessions only when all of this is the same. */
export function sessionKeyOf(config: ClientConfig): string {
  const { serverName, sendServerName, alpn, verifier, verifierName, sessionKey, protocols } = config;
  const schemes = certificateSchemesOf(config);
  const versions = protocols.map(({ version }) => version);
  const trust = [alpn, policyOf(verifier, config.crypto.random, verifierName), schemes, versions];
  return JSON.stringify([serverName ?? null, sendServerName, ...trust, ...sessionKey]);
}

/** A session that can be offered, its server judged once more: certificates expire, and rules change. */
export function* findSession(key: string, context: Context<ClientConfig>): Step<ClientSession | undefined> {
  const { config } = context;
  if (config.sessions === undefined) return undefined;
  const session = yield* request('loadSession', { store: config.sessions, key });
  if (session === undefined || !isUsable(session, config, context.now())) return undefined;
  const verdict = yield* request('recheck', {
    verifier: config.verifier,
    peer: presentedAgain(session, context),
    before: session.peer.verdict,
  });
  if (verdict?.ok === true) {
    context.effects.offersSession(config.sessions, key);
    const bytes = { ticket: plainView(session.ticket), secret: plainView(session.secret) };
    return { ...session, ...bytes, peer: { ...session.peer, verdict } };
  }
  context.effects.note({ by: 'client', text: 'the session is not used: its server would not be trusted any more' });
  return undefined;
}

// RFC 5246 ¶7.4.1.2-3
function isUsable(session: ClientSession, config: ClientConfig, now: number): boolean {
  const age = now - session.receivedAt;
  // RFC 9846 §4.3.11.1-1, §4.7.1-6
  // Stores write sessions down and read them back: what came back as no number is not good.
  if (!(age >= 0 && age < Math.min(session.lifetime, MAX_TICKET_LIFETIME) * 1000)) return false;
  if (!config.protocols.some(({ version }) => version === session.version)) return false;
  return session.version === 0x0304
    ? hashOf(session.hash, config) !== undefined
    : config.suites12.some(({ id }) => id === session.suite);
}

function presentedAgain(session: ClientSession, context: Context<ClientConfig>): PresentedPeer {
  const { config } = context;
  const encrypts = config.suites12.some(({ id, exchange }) => id === session.suite && exchange === 'rsa');
  return {
    role: 'client',
    ...session.peer.presented,
    serverName: config.serverName,
    certificateSchemes: certificateSchemesOf(config),
    keyUse: encrypts ? 'keyEncipherment' : 'digitalSignature',
    now: context.now(),
  };
}

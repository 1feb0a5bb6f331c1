import { equalConstantTime } from '../../bytes/bytes.ts';
import { TlsError } from '../../errors.ts';
import { MainSecret12 } from '../../keys/schedule12.ts';
import type { Transcript } from '../../keys/transcript.ts';
import { decode } from '../../wire/codec.ts';
import { Finished12 } from '../../wire/messages12.ts';
import type { Arrival } from '../machine.ts';
import type { Context, PeerInfo } from '../context.ts';
import type { Role } from '../peer.ts';
import type { SessionPeer } from '../session.ts';
import { type Agreed12, trafficKeysOf } from './key-exchange/key-exchange.ts';
import { peerInfoOf } from '../authentication/psk.ts';
import type { Config } from '../config.ts';

/** The abbreviated handshake of TLS 1.2 (RFC 5246 section 7.3), as both sides see it. */

/** What a session brings. */
export interface Remembered12 {
  /** The main secret. */
  readonly secret: Uint8Array;
  /** NamedGroup; undefined: there was no key exchange, or it is not known. */
  readonly group: number | undefined;
  /** Whom the session began with; undefined: a client without a certificate. */
  readonly peer: SessionPeer | undefined;
}

/**
 * Proof that the peer has the secret of a session, in place of a proof by certificate. Nothing else in the house can make
 * one: it takes the peer's Finished.
 */
export class ResumedPeer12 {
  readonly session: SessionPeer | undefined;
  // A private field makes the type nominal: an object of the same shape is not a proof.
  readonly #proof: true = true;

  private constructor(session: SessionPeer | undefined) {
    this.session = session;
  }

  get proven(): true {
    return this.#proof;
  }

  get info(): PeerInfo | undefined {
    return peerInfoOf(this.session);
  }

  /** @throws TlsError ERR_BAD_FINISHED (RFC 5246 section 7.4.9). */
  static byFinished(peer: Role, message: Arrival, main: MainSecret12, data: ResumingWith12): ResumedPeer12 {
    checkFinished(peer, message, main, data.transcript);
    return new ResumedPeer12(data.remembered.peer);
  }
}

interface ResumingWith12 {
  readonly remembered: Remembered12;
  readonly transcript: Transcript;
}

/** @throws TlsError ERR_BAD_FINISHED (RFC 5246 section 7.4.9). */
export function checkFinished(peer: Role, message: Arrival, main: MainSecret12, transcript: Transcript): void {
  const { verifyData } = decode(Finished12, message.body);
  if (!equalConstantTime(verifyData, main.finished(peer, transcript.digest())))
    throw new TlsError('ERR_BAD_FINISHED', { rfc: 'RFC 5246 section 7.4.9' });
}

/** The session's secret with the randoms of this handshake: so its keys are new. */
export function mainAgain(agreed: Agreed12, { secret }: Remembered12, context: Context<Config>): MainSecret12 {
  const main = context.own(new MainSecret12(agreed.suite.hash, secret.slice(), agreed.randoms));
  context.effects.log('CLIENT_RANDOM', main.bytes);
  return main;
}

// RFC 5246 ¶7.1-1, ¶7.1-2
/** ChangeCipherSpec, and Finished behind it under the new keys; the Finished of the first is hashed into that of the other. */
export function switchAndFinish(
  agreed: Agreed12,
  main: MainSecret12,
  finished: Uint8Array,
  context: Context<Config>,
): void {
  const { effects } = context;
  effects.changeCipherSpec();
  effects.keys12('write', trafficKeysOf(agreed, main, 'write', context));
  agreed.transcript.add(finished);
  effects.send(finished);
}

/** What is known of a resumed connection from the one with which the session began. */
export function reportResumed(peer: ResumedPeer12, { group }: Remembered12, context: Context<Config>): void {
  const { effects, config } = context;
  effects.info('resumed', true);
  if (peer.info !== undefined) effects.info('peer', peer.info);
  const known = group === undefined ? undefined : config.groups.find(({ id }) => id === group);
  if (known !== undefined) effects.info('group', { id: known.id, name: known.name });
  effects.note({
    by: config.role,
    text: 'the session is resumed: its secret is known to the two who began it alone',
  });
}

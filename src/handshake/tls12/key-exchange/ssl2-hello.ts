import { Reader } from '../../../bytes/reader.ts';
import { TlsError } from '../../../errors.ts';
import { encode } from '../../../wire/codec.ts';
import { encodeHandshake } from '../../../wire/handshake.ts';
import { ClientHello } from '../../../wire/hello.ts';
import { HANDSHAKE_CLIENT_HELLO } from '../../../wire/ids.ts';
import type { Arrival, FirstHello } from '../../machine.ts';

/**
 * A ClientHello in the form of SSL 2, as devices sent it that did not yet know whom they would meet (RFC 5246 appendix
 * E.2). Nothing else of SSL 2 is here: what follows are records of TLS. It has no extensions, and so no more than TLS 1.2,
 * no extended master secret, and no name of a server.
 */
export const ssl2Hello: FirstHello = { size, read };

const CLIENT_HELLO = 1;
/** msg_length. */
const PREFIX = 2;
/** msg_type, version and three lengths. */
const FIXED = 9;
const SPEC = 3;
const RANDOM = 32;
const MIN_CHALLENGE = 16;
const LEAST = FIXED + SPEC + MIN_CHALLENGE;
/** More than three times the cipher suites that there are. */
const MOST = 4096;

// RFC 5246 ¶E.2-3, ¶E.2-4, ¶E.2-5
/** A record of TLS begins with a content type, and none of them has its highest bit set. */
function size(length: number, at: (index: number) => number): number | undefined {
  if (length >= 1 && at(0) < 0x80) return 0;
  if (length >= 3 && at(2) !== CLIENT_HELLO) return 0;
  if (length >= 4 && at(3) !== 3) return 0;
  if (length < 4) return undefined;
  const message = (at(0) & 0x7f) * 256 + at(1);
  if (message < LEAST || message > MOST)
    throw new TlsError('ERR_DECODE', {
      detail: `the hello of SSL 2 has ${message} bytes, allowed are ${LEAST} to ${MOST}`,
      rfc: RFC,
    });
  return PREFIX + message;
}

function read(bytes: Uint8Array): Arrival {
  // RFC 5246 appendix E.2: the length does not belong to the message.
  const wire = bytes.subarray(PREFIX);
  const reader = new Reader(wire, 1, wire.length, undefined, 0, 'V2ClientHello');
  const legacyVersion = reader.uint(2);
  const specsLength = reader.uint(2);
  const sessionIdLength = reader.uint(2);
  const challengeLength = reader.uint(2);
  // RFC 5246 ¶E.2-6
  if (specsLength === 0 || specsLength % SPEC !== 0) throw fault(`cipher_specs of ${specsLength} bytes`);
  // RFC 5246 ¶E.2-7, ¶E.2-8
  if (sessionIdLength !== 0) throw fault(`a session_id of ${sessionIdLength} bytes`);
  if (challengeLength < MIN_CHALLENGE) throw fault(`a challenge of ${challengeLength} bytes`);
  const cipherSuites: number[] = [];
  for (let specs = reader.sub(specsLength); specs.remaining > 0; ) {
    const spec = specs.uint(SPEC);
    // The others are those of SSL 2.
    if (spec <= 0xffff) cipherSuites.push(spec);
  }
  const challenge = reader.take(challengeLength);
  reader.finish();
  if (cipherSuites.length === 0)
    throw new TlsError('ERR_NO_SHARED_SUITE', { detail: 'the client names those of SSL 2 only', rfc: RFC });
  const hello: ClientHello = {
    legacyVersion,
    random: randomOf(challenge),
    legacySessionId: new Uint8Array(0),
    cipherSuites,
    legacyCompressionMethods: Uint8Array.of(0),
    extensions: [],
  };
  const body = encode(ClientHello, hello);
  return { type: HANDSHAKE_CLIENT_HELLO, body, raw: encodeHandshake(HANDSHAKE_CLIENT_HELLO, body), wire };
}

/** Zeros in front of a short one. Of a long one, which only history speaks of, others take the beginning too. */
function randomOf(challenge: Uint8Array): Uint8Array {
  const random = new Uint8Array(RANDOM);
  const used = challenge.subarray(0, RANDOM);
  random.set(used, RANDOM - used.length);
  return random;
}

function fault(what: string): TlsError {
  return new TlsError('ERR_DECODE', { detail: `V2ClientHello: ${what}`, rfc: RFC });
}

const RFC = 'RFC 5246 appendix E.2';

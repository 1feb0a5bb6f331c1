import { readFileSync } from 'node:fs';
import type { TraceEvent } from '../../src/handshake/config.ts';
import type { HandshakeInfo } from '../../src/handshake/context.ts';
import type { ClientSession12 } from '../../src/handshake/session.ts';
import { readPem } from '../../src/pki/x509/pem.ts';
import { type Flags, Unimplemented } from './flags.ts';
import type { Shared } from './setup.ts';

/** What the flags say has to be so once a handshake is done. */

/** An expectation of the test was not met. */
export class Mismatch extends Error {}

/** @throws Mismatch */
export function checkInfo(flags: Flags, info: Readonly<HandshakeInfo>, chosen: number): void {
  const server = flags.has('server');
  expectNumber(flags, 'expect-version', info.version === 'TLSv1.3' ? 0x0304 : 0x0303);
  expectNumber(flags, 'expect-curve-id', info.group?.id);
  expectNumber(flags, 'expect-cipher', info.suite?.id);
  // Noble is quicker without AES, node:crypto has hardware for it: each names first what it does best. The shim's server
  // leaves it to the client.
  const withoutAes = process.env.BOGO_PROVIDER === 'noble' && !server;
  expectNumber(flags, withoutAes ? 'expect-cipher-no-aes' : 'expect-cipher-aes', info.suite?.id);
  // A resumed handshake has no signature.
  if (info.resumed !== true) expectNumber(flags, 'expect-peer-signature-algorithm', info.peerSignatureScheme?.id);
  const protocol = flags.text(server ? 'select-alpn' : 'expect-alpn') ?? '';
  if ((info.alpn ?? '') !== protocol) throw new Mismatch(`application protocol ${info.alpn}, wanted ${protocol}`);
  const name = flags.text('expect-server-name');
  if (name !== undefined && info.serverName !== name)
    throw new Mismatch(`server name ${info.serverName}, wanted ${name}`);
  if (flags.has('expect-extended-master-secret') && info.extendedMasterSecret !== true)
    throw new Mismatch('there is no extended master secret');
  if (flags.has('expect-hrr') && info.retried !== true) throw new Mismatch('there was no HelloRetryRequest');
  if (flags.has('expect-no-hrr') && info.retried === true) throw new Mismatch('there was a HelloRetryRequest');
  // A client continues with no server of TLS 1.2 that does not say so.
  if (flags.has('expect-secure-renegotiation') && server) throw new Unimplemented('renegotiation_info as a fact');
  const credential = flags.number('expect-selected-credential');
  if (credential !== undefined && credential !== chosen)
    throw new Mismatch(`credential ${chosen}, wanted ${credential}`);
  checkPeer(flags, info, server);
  if (flags.has('handshake-never-done')) throw new Mismatch('the handshake was completed');
}

function checkPeer(flags: Flags, info: Readonly<HandshakeInfo>, server: boolean): void {
  const { peer } = info;
  if (info.psk !== undefined) {
    if (peer !== undefined) throw new Mismatch('the peer showed a certificate beside a key');
  } else if (flags.has('expect-no-peer-cert')) {
    if (peer !== undefined) throw new Mismatch('the peer showed a certificate');
  } else if (peer === undefined && (!server || flags.has('require-any-client-certificate'))) {
    throw new Mismatch('the peer showed no certificate');
  }
  if (flags.has('expect-verify-result') && peer !== undefined) {
    // What a client that does not verify is told to think of the certificate is not kept: it was not asked.
    if (!peer.verdict.ok) throw new Mismatch('the certificate was not found good');
  }
  const file = flags.text('expect-peer-cert-file');
  if (file !== undefined) {
    const expected = readPem(readFileSync(file, 'utf8')).map(({ der }) => hex(der));
    equalLists('certificates', (peer?.chain ?? []).map(hex), expected);
  }
  const response = flags.bytes('expect-ocsp-response');
  if (response !== undefined && hex(response) !== hex(peer?.ocspResponse)) throw new Mismatch('another OCSP response');
  const timestamps = flags.bytes('expect-signed-cert-timestamps');
  if (timestamps !== undefined && hex(timestamps) !== hex(peer?.sctList)) throw new Mismatch('another list of SCTs');
}

/** @throws Mismatch */
export function checkResumption(flags: Flags, info: Readonly<HandshakeInfo>, second: boolean): void {
  const expected = second && !flags.has('expect-session-miss');
  if ((info.resumed === true) !== expected)
    throw new Mismatch(`the session was ${info.resumed === true ? '' : 'not '}resumed`);
  const skew = flags.number('expect-ticket-age-skew');
  if (skew !== undefined && second && Math.round((info.ticketAgeSkew ?? 0) / 1000) !== skew)
    throw new Mismatch(`the age of the ticket is off by ${info.ticketAgeSkew} ms, wanted ${skew} s`);
  const { earlyData } = info;
  if (flags.has('expect-accept-early-data') && second && earlyData?.accepted !== true)
    throw new Mismatch(`early data was not accepted: ${earlyData?.reason}`);
  if (flags.has('expect-reject-early-data') && earlyData?.accepted === true)
    throw new Mismatch('early data was accepted');
  if (flags.has('expect-no-offer-early-data') && second && (earlyData?.bytes ?? 0) > 0)
    throw new Mismatch('early data was sent');
  const reason = flags.text('expect-early-data-reason');
  if (reason !== undefined && !reasonsOf(flags, info, second).includes(reason))
    throw new Mismatch(`early data: ${earlyData?.reason}, wanted ${reason}`);
}

function reasonsOf(flags: Flags, { earlyData, version }: Readonly<HandshakeInfo>, second: boolean): readonly string[] {
  if (earlyData?.accepted === true) return ['accept'];
  if (!flags.has('enable-early-data')) return ['disabled'];
  if (version !== 'TLSv1.3') return ['protocol_version'];
  return REASONS[earlyData?.reason ?? ''] ?? (second ? [] : ['no_session_offered']);
}

/** What we say about early data, and what the tests call it. */
const REASONS: { readonly [reason: string]: readonly string[] } = {
  'it is not configured': ['disabled'],
  'there is no session': ['session_not_resumed', 'no_session_offered'],
  'the session does not allow it': ['unsupported_for_session'],
  'the ticket is older or younger than the client says': ['ticket_age_skew'],
  'the client has to say hello again': ['hello_retry_request', 'session_not_resumed'],
  'the server asked for another ClientHello': ['hello_retry_request'],
  'the server refused it': ['peer_declined'],
  'the server takes 0 bytes with this session': ['unsupported_for_session'],
  'the server did not take the session': ['session_not_resumed'],
  'the server does not speak TLS 1.3': ['protocol_version'],
};

/** At the end: did the client get the session that the test meant it to get? */
export function checkTickets(
  flags: Flags,
  info: Readonly<HandshakeInfo>,
  shared: Pick<Shared, 'offered' | 'received' | 'kept'>,
  resumed: boolean,
): void {
  const { received } = shared;
  if (!resumed && flags.has('expect-session-id') && !shared.kept) throw new Mismatch('no session was kept under an id');
  if (!resumed && flags.has('expect-no-session-id') && shared.kept)
    throw new Mismatch('a session was kept under an id');
  if (flags.has('server') || flags.has('no-ticket')) return;
  if (info.version === 'TLSv1.2') {
    checkSession12(flags, info, shared);
    return;
  }
  // What an external key began is not remembered.
  if (info.psk !== undefined) return;
  const expected = !flags.has('expect-no-session') && !flags.has('shim-shuts-down');
  if ((received !== undefined) !== expected) throw new Mismatch(`a session was ${expected ? 'not ' : ''}received`);
  if (received === undefined) return;
  if (flags.has('expect-ticket-supports-early-data') !== (received.version === 0x0304 && received.maxEarlyData > 0))
    throw new Mismatch('the session says otherwise about early data');
}

/** A session that is not bound to its handshake is not remembered, and one that was used is put back as it was. */
function checkSession12(
  flags: Flags,
  info: Readonly<HandshakeInfo>,
  { offered, received }: Pick<Shared, 'offered' | 'received'>,
): void {
  if (info.extendedMasterSecret !== true || flags.has('implicit-handshake')) return;
  const expected = !flags.has('expect-no-session') && (info.resumed !== true || flags.has('expect-ticket-renewal'));
  const isNew =
    received !== undefined &&
    (info.resumed !== true ||
      offered?.version !== 0x0303 ||
      hex(offered.ticket) !== hex((received as ClientSession12).ticket));
  if (isNew !== expected) throw new Mismatch(`a new session was ${expected ? 'not ' : ''}received`);
}

/** Messages in the order in which they were sent and received, as -expect-msg-callback writes them. */
export function checkMessages(flags: Flags, events: readonly TraceEvent[]): void {
  const expected = flags.text('expect-msg-callback');
  if (expected === undefined || expected === '') return;
  const us = flags.has('server') ? 'server' : 'client';
  let text = '';
  for (const event of events) {
    if (event.type === 'note' || event.type === 'keys' || event.type === 'data') continue;
    text += event.from === us ? 'write ' : 'read ';
    if (event.type === 'message' && event.wire !== undefined) text += 'v2clienthello\n';
    else if (event.type === 'message') text += `hs ${event.handshakeType}\n`;
    else if (event.type === 'alert') text += `alert ${event.level} ${event.description}\n`;
    else text += 'ccs\n';
  }
  if (text !== expected) throw new Mismatch(`messages:\n${text}wanted:\n${expected}`);
}

export function equalLists<T>(what: string, found: readonly T[], wanted: readonly T[]): void {
  if (found.length !== wanted.length || found.some((value, index) => value !== wanted[index]))
    throw new Mismatch(`${what}: ${found.join(' ')}, wanted ${wanted.join(' ')}`);
}

function expectNumber(flags: Flags, flag: string, found: number | undefined): void {
  const wanted = flags.number(flag);
  if (wanted !== undefined && wanted !== 0 && wanted !== found)
    throw new Mismatch(`-${flag}: ${found?.toString(16)}, wanted ${wanted.toString(16)}`);
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

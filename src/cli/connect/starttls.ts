import type { Dialogue } from './dialogue.ts';

/** How each protocol is asked to go over to TLS, from the side of the client. */
export interface StartTls {
  /** Where it usually is. */
  readonly port: number;
  /** @param name of the server, where the protocol wants to be told. @throws Failure when the server does not. */
  ask(dialogue: Dialogue, name: string): Promise<void>;
}

/** RFC 3207. */
const mail =
  (hello: 'EHLO' | 'LHLO'): StartTls['ask'] =>
  async (dialogue) => {
    await dialogue.reply(220, 'as its greeting');
    dialogue.say(`${hello} warifu.invalid`);
    const features = await dialogue.reply(250, `asked ${hello}`);
    if (!features.some((line) => /^250[- ]STARTTLS\s*$/i.test(line)))
      throw dialogue.refused('asked what it can, without STARTTLS', features.join(' / '));
    dialogue.say('STARTTLS');
    await dialogue.reply(220, 'asked for STARTTLS');
  };

/** RFC 9051 section 6.2.1. */
async function imap(dialogue: Dialogue): Promise<void> {
  const greeting = await dialogue.line();
  if (!/^\* (OK|PREAUTH)\b/i.test(greeting)) throw dialogue.refused('as its greeting', greeting);
  dialogue.say('a1 STARTTLS');
  for (;;) {
    const line = await dialogue.line();
    if (/^\* /.test(line)) continue;
    if (!/^a1 OK\b/i.test(line)) throw dialogue.refused('asked for STARTTLS', line);
    return;
  }
}

/** RFC 2595 section 4. */
async function pop3(dialogue: Dialogue): Promise<void> {
  const greeting = await dialogue.line();
  if (!greeting.startsWith('+OK')) throw dialogue.refused('as its greeting', greeting);
  dialogue.say('STLS');
  const answer = await dialogue.line();
  if (!answer.startsWith('+OK')) throw dialogue.refused('asked for STLS', answer);
}

/** RFC 4217. */
async function ftp(dialogue: Dialogue): Promise<void> {
  await dialogue.reply(220, 'as its greeting');
  dialogue.say('AUTH TLS');
  await dialogue.reply(234, 'asked for AUTH TLS');
}

/** RFC 4642. */
async function nntp(dialogue: Dialogue): Promise<void> {
  const greeting = await dialogue.line();
  if (!/^20[01]/.test(greeting)) throw dialogue.refused('as its greeting', greeting);
  dialogue.say('STARTTLS');
  await dialogue.reply(382, 'asked for STARTTLS');
}

/** RFC 5804 section 2.2: it lists what it can first. */
async function sieve(dialogue: Dialogue): Promise<void> {
  const features: string[] = [];
  for (let line = await dialogue.line(); !/^OK\b/i.test(line); line = await dialogue.line()) {
    if (/^(NO|BYE)\b/i.test(line) || features.length > 200) throw dialogue.refused('as its greeting', line);
    features.push(line);
  }
  if (!features.some((line) => /^"STARTTLS"/i.test(line)))
    throw dialogue.refused('asked what it can, without STARTTLS', features.join(' / '));
  dialogue.say('STARTTLS');
  const answer = await dialogue.line();
  if (!/^OK\b/i.test(answer)) throw dialogue.refused('asked for STARTTLS', answer);
}

/** RFC 4511 section 4.14: an extended request, and its response with the resultCode success. */
async function ldap(dialogue: Dialogue): Promise<void> {
  const oid = new TextEncoder().encode('1.3.6.1.4.1.1466.20037');
  const request = [0x77, oid.length + 2, 0x80, oid.length, ...oid];
  dialogue.send(Uint8Array.of(0x30, request.length + 3, 0x02, 0x01, 0x01, ...request), 'ExtendedRequest StartTLS');
  const message = await element(dialogue);
  // [APPLICATION 24] begins with the resultCode, an ENUMERATED.
  const at = message.findIndex((byte, index) => byte === 0x78 && index >= 3);
  const codeAt = at < 0 ? -1 : message.indexOf(0x0a, at + 2);
  const code = codeAt < 0 ? undefined : message[codeAt + 2];
  if (code !== 0)
    throw dialogue.refused('asked for StartTLS', code === undefined ? 'something else' : `resultCode ${code}`);
}

/** One BER element of definite length: its content. */
async function element(dialogue: Dialogue): Promise<Uint8Array> {
  const [tag = 0, first = 0] = await dialogue.bytes(2);
  if (tag !== 0x30) throw dialogue.refused('asked for StartTLS', 'something that is not LDAP');
  if (first < 0x80) return await dialogue.bytes(first);
  const size = first & 0x7f;
  if (size === 0 || size > 2) throw dialogue.refused('asked for StartTLS', 'a message that is too long');
  const length = (await dialogue.bytes(size)).reduce((sum, byte) => 256 * sum + byte, 0);
  return await dialogue.bytes(length);
}

/** RFC 6120 section 5. */
const xmpp =
  (kind: 'client' | 'server'): StartTls['ask'] =>
  async (dialogue, name) => {
    const to = name.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
    dialogue.say(
      `<?xml version='1.0'?><stream:stream to='${to}' xmlns='jabber:${kind}' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`,
    );
    const [features] = await dialogue.match(
      /<\/stream:features\s*>|<stream:features\s*\/>|<\/stream:stream|<stream:error/,
    );
    const seen = dialogue.log.at(-1) ?? '';
    if (!features.includes('features') || !/<starttls[\s/>]/.test(seen))
      throw dialogue.refused('asked what it can, without starttls', seen.slice(2));
    dialogue.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    const [answer] = await dialogue.match(/<(proceed|failure)\b[^>]*>/);
    if (!answer.startsWith('<proceed')) throw dialogue.refused('asked for starttls', answer);
    // An element that is not closed in itself is closed behind it.
    if (!answer.endsWith('/>')) await dialogue.match(/<\/proceed\s*>/);
  };

/** SSLRequest (PostgreSQL, "Message Formats"): one byte of answer. */
async function postgres(dialogue: Dialogue): Promise<void> {
  dialogue.send(Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47), 'SSLRequest');
  const [answer = 0] = await dialogue.bytes(1);
  const letter = String.fromCharCode(answer);
  if (letter === 'N') throw dialogue.refused('asked for SSL', 'N: it has no TLS configured');
  if (letter !== 'S') throw dialogue.refused('asked for SSL', letter);
  dialogue.log.push('< S');
}

const MYSQL_SSL = 0x0800;

/** The greeting, and an SSLRequest instead of the handshake response (MySQL, "Connection Phase"). */
async function mysql(dialogue: Dialogue): Promise<void> {
  const [a = 0, b = 0, c = 0] = await dialogue.bytes(4);
  const greeting = await dialogue.bytes(a + 256 * b + 65_536 * c);
  const versionEnd = greeting.indexOf(0, 1);
  if (greeting[0] !== 10 || versionEnd < 0)
    throw dialogue.refused('as its greeting', Buffer.from(greeting.subarray(1)).toString('latin1'));
  dialogue.log.push(`< greeting of ${Buffer.from(greeting.subarray(1, versionEnd)).toString('latin1')}`);
  // Thread id, eight bytes of salt and a filler stand before the lower half of what it can.
  const at = versionEnd + 1 + 4 + 8 + 1;
  if ((((greeting[at + 1] ?? 0) << 8) & MYSQL_SSL) === 0)
    throw dialogue.refused('in its greeting', 'that it cannot speak TLS');
  // CLIENT_PROTOCOL_41, CLIENT_SSL, CLIENT_SECURE_CONNECTION; the largest packet; utf8mb4.
  const request = [0x00, 0x8a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 45, ...new Uint8Array(23)];
  dialogue.send(Uint8Array.of(request.length, 0, 0, 1, ...request), 'SSLRequest');
}

export type StartTlsName =
  | 'smtp'
  | 'lmtp'
  | 'imap'
  | 'pop3'
  | 'ldap'
  | 'xmpp'
  | 'xmpp-server'
  | 'ftp'
  | 'postgres'
  | 'mysql'
  | 'nntp'
  | 'sieve';

/** By the names that `--starttls` takes. */
export const STARTTLS: { readonly [N in StartTlsName]: StartTls } = {
  smtp: { port: 25, ask: mail('EHLO') },
  lmtp: { port: 24, ask: mail('LHLO') },
  imap: { port: 143, ask: imap },
  pop3: { port: 110, ask: pop3 },
  ldap: { port: 389, ask: ldap },
  xmpp: { port: 5222, ask: xmpp('client') },
  'xmpp-server': { port: 5269, ask: xmpp('server') },
  ftp: { port: 21, ask: ftp },
  postgres: { port: 5432, ask: postgres },
  mysql: { port: 3306, ask: mysql },
  nntp: { port: 119, ask: nntp },
  sieve: { port: 4190, ask: sieve },
};

export const STARTTLS_NAMES: readonly StartTlsName[] = Object.keys(STARTTLS).filter(
  (name): name is StartTlsName => name in STARTTLS,
);

/** What usually begins in plaintext at this port. */
export function usualStartTls(port: number): StartTlsName | undefined {
  if (port === 587) return 'smtp';
  return STARTTLS_NAMES.find((name) => STARTTLS[name].port === port);
}

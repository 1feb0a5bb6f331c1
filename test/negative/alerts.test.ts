import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../src/engine/event.ts';
import { decode, encode } from '../../src/wire/codec.ts';
import type { RawExtension } from '../../src/wire/extension.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';
import { ClientHello, ServerHello } from '../../src/wire/hello.ts';
import {
  Certificate,
  CertificateRequest,
  CertificateVerify,
  EncryptedExtensions,
  KeyUpdate,
} from '../../src/wire/messages13.ts';
import type { Codec } from '../../src/wire/codec.ts';
import { Middle } from '../support/middle.ts';
import {
  type ClientParts,
  connected,
  drain,
  makeClient,
  makePair,
  makeServer,
  run,
  type ServerParts,
} from '../support/pair.ts';
import { toyCredential, toyVerifier } from '../support/toy.ts';

/** One broken rule at a time, by a peer that has the right keys: the alert is the one the RFC names. */

type Change<T> = (value: T) => T;

interface Case {
  readonly name: string;
  /** Who is under test. */
  readonly role: 'client' | 'server';
  /** The state in which the broken message arrives. */
  readonly state: string;
  readonly change: (raw: Uint8Array) => Uint8Array;
  readonly code: string;
  readonly alert: number;
  readonly client?: ClientParts;
  readonly server?: ServerParts;
}

const mutual = {
  client: { credential: toyCredential },
  server: { clientAuth: 'require', verifier: toyVerifier },
} as const;

const edit =
  <T>(type: number, codec: Codec<T>, change: Change<T>) =>
  (raw: Uint8Array): Uint8Array =>
    encodeHandshake(type, encode(codec, change(decode(codec, raw.slice(4)))));

const serverHello = (change: Change<ServerHello>) => edit(2, ServerHello, change);
const clientHello = (change: Change<ClientHello>) => edit(1, ClientHello, change);
const without = (list: readonly RawExtension[], type: number): RawExtension[] =>
  list.filter((extension) => extension.type !== type);
const replaced = (list: readonly RawExtension[], type: number, data: readonly number[]): RawExtension[] =>
  list.map((extension) => (extension.type === type ? { type, data: Uint8Array.from(data) } : extension));

const withServerHello = (
  name: string,
  change: Change<ServerHello>,
  code: string,
  alert: number,
  client: ClientParts = {},
): Case => ({
  name: `ServerHello: ${name}`,
  role: 'client',
  state: 'WAIT_SH',
  change: serverHello(change),
  code,
  alert,
  client,
});
const withClientHello = (name: string, change: Change<ClientHello>, code: string, alert: number): Case => ({
  name: `ClientHello: ${name}`,
  role: 'server',
  state: 'START',
  change: clientHello(change),
  code,
  alert,
});
const withExtensions = (name: string, extension: RawExtension, code: string, alert: number): Case => ({
  name: `EncryptedExtensions: ${name}`,
  role: 'client',
  state: 'WAIT_EE',
  change: edit(8, EncryptedExtensions, ({ extensions }) => ({ extensions: [...extensions, extension] })),
  code,
  alert,
});

const raw = (type: number, ...data: number[]): RawExtension => ({ type, data: Uint8Array.from(data) });

const CASES: readonly Case[] = [
  withServerHello('legacy_version', (hello) => ({ ...hello, legacyVersion: 0x0304 }), 'ERR_LEGACY_VERSION', 70),
  withServerHello(
    'session id',
    (hello) => ({ ...hello, legacySessionIdEcho: new Uint8Array(32) }),
    'ERR_SESSION_ID_ECHO',
    47,
  ),
  withServerHello('compression', (hello) => ({ ...hello, legacyCompressionMethod: 1 }), 'ERR_COMPRESSION', 47),
  withServerHello(
    'a suite that was not offered',
    (hello) => ({ ...hello, cipherSuite: 0x1304 }),
    'ERR_SELECTED_SUITE',
    47,
  ),
  withServerHello('a GREASE suite', (hello) => ({ ...hello, cipherSuite: 0x0a0a }), 'ERR_SELECTED_SUITE', 47),
  withServerHello(
    'another version',
    (hello) => ({ ...hello, extensions: replaced(hello.extensions, 43, [3, 3]) }),
    'ERR_SELECTED_VERSION',
    47,
  ),
  withServerHello(
    'no version: TLS 1.2',
    (hello) => ({ ...hello, extensions: without(hello.extensions, 43) }),
    'ERR_VERSION',
    70,
  ),
  withServerHello(
    'no key share',
    (hello) => ({ ...hello, extensions: without(hello.extensions, 51) }),
    'ERR_MISSING_EXTENSION',
    109,
  ),
  withServerHello(
    'a share for a group without an offer',
    (hello) => ({ ...hello, extensions: replaced(hello.extensions, 51, [0, 0x17, 0, 1, 4]) }),
    'ERR_SELECTED_GROUP',
    47,
  ),
  withServerHello(
    'a share that is not one',
    (hello) => ({ ...hello, extensions: replaced(hello.extensions, 51, [0, 0x1d, 0, 1, 4]) }),
    'ERR_BAD_KEY_SHARE',
    47,
  ),
  withServerHello(
    'an extension twice',
    (hello) => ({ ...hello, extensions: [...hello.extensions, hello.extensions[0]!] }),
    'ERR_DUPLICATE_EXTENSION',
    47,
  ),
  withServerHello(
    'an extension that was not asked for',
    (hello) => ({ ...hello, extensions: [...hello.extensions, raw(0x1234)] }),
    'ERR_UNSUPPORTED_EXTENSION',
    110,
  ),
  withServerHello(
    'pre_shared_key that was not offered',
    (hello) => ({ ...hello, extensions: [...hello.extensions, raw(41, 0, 0)] }),
    'ERR_UNSUPPORTED_EXTENSION',
    110,
  ),
  withServerHello(
    'an extension that belongs elsewhere',
    (hello) => ({ ...hello, extensions: [...hello.extensions, raw(0)] }),
    'ERR_MISPLACED_EXTENSION',
    47,
  ),
  {
    name: 'HelloRetryRequest that changes nothing',
    role: 'client',
    state: 'WAIT_SH',
    client: { keyShares: [] },
    change: serverHello((hello) => ({ ...hello, extensions: without(hello.extensions, 51) })),
    code: 'ERR_RETRY_POINTLESS',
    alert: 47,
  },
  {
    name: 'HelloRetryRequest for a group that was not offered',
    role: 'client',
    state: 'WAIT_SH',
    client: { keyShares: [] },
    change: serverHello((hello) => ({ ...hello, extensions: replaced(hello.extensions, 51, [0, 0x18]) })),
    code: 'ERR_SELECTED_GROUP',
    alert: 47,
  },
  {
    name: 'ServerHello that changes the suite after HelloRetryRequest',
    role: 'client',
    state: 'WAIT_SH_RETRIED',
    client: { keyShares: [] },
    change: serverHello((hello) => ({ ...hello, cipherSuite: 0x1302 })),
    code: 'ERR_SUITE_CHANGED',
    alert: 47,
  },
  withExtensions('an unknown one', raw(0x1234), 'ERR_UNSUPPORTED_EXTENSION', 110),
  withExtensions('key_share', raw(51, 0, 0), 'ERR_MISPLACED_EXTENSION', 47),
  withExtensions('ALPN that was not offered', raw(16, 0, 2, 1, 0x61), 'ERR_UNSUPPORTED_EXTENSION', 110),
  {
    ...withExtensions('a protocol that was not offered', raw(16, 0, 2, 1, 0x7a), 'ERR_SELECTED_ALPN', 47),
    client: { alpn: ['a'] },
  },
  {
    ...withExtensions('two protocols', raw(16, 0, 4, 1, 0x61, 1, 0x62), 'ERR_SELECTED_ALPN', 50),
    client: { alpn: ['a', 'b'] },
  },
  {
    name: 'EncryptedExtensions: record_size_limit of 63',
    role: 'client',
    state: 'WAIT_EE',
    change: edit(8, EncryptedExtensions, () => ({ extensions: [raw(28, 0, 63)] })),
    code: 'ERR_RECORD_SIZE_LIMIT',
    alert: 47,
    client: { recordSizeLimit: 1000 },
  },
  {
    name: 'CertificateRequest with a context',
    role: 'client',
    state: 'WAIT_CERT_CR',
    change: edit(13, CertificateRequest, (request) => ({ ...request, requestContext: Uint8Array.of(1) })),
    code: 'ERR_REQUEST_CONTEXT',
    alert: 47,
    ...mutual,
  },
  {
    name: 'CertificateRequest without signature_algorithms',
    role: 'client',
    state: 'WAIT_CERT_CR',
    change: edit(13, CertificateRequest, (request) => ({ ...request, extensions: [] })),
    code: 'ERR_MISSING_EXTENSION',
    alert: 109,
    ...mutual,
  },
  {
    name: 'Certificate of a server without a certificate',
    role: 'client',
    state: 'WAIT_CERT_CR',
    change: edit(11, Certificate, (certificate) => ({ ...certificate, entries: [] })),
    code: 'ERR_EMPTY_CERTIFICATE',
    alert: 50,
  },
  {
    name: 'Certificate with an extension that was not asked for',
    role: 'client',
    state: 'WAIT_CERT_CR',
    change: edit(11, Certificate, ({ entries, ...rest }) => ({
      ...rest,
      entries: entries.map((entry) => ({ ...entry, extensions: [raw(18, 0, 3, 0, 1, 1)] })),
    })),
    code: 'ERR_UNSUPPORTED_EXTENSION',
    alert: 110,
  },
  {
    name: 'CertificateVerify by a scheme that was not offered',
    role: 'client',
    state: 'WAIT_CV',
    change: edit(15, CertificateVerify, (verify) => ({ ...verify, scheme: 0x0403 })),
    code: 'ERR_SCHEME_NOT_OFFERED',
    alert: 47,
  },
  {
    name: 'CertificateVerify with a wrong signature',
    role: 'client',
    state: 'WAIT_CV',
    change: edit(15, CertificateVerify, (verify) => ({
      ...verify,
      signature: verify.signature.map((byte) => byte ^ 1),
    })),
    code: 'ERR_BAD_SIGNATURE',
    alert: 51,
  },
  {
    name: 'Finished of the server, one bit off',
    role: 'client',
    state: 'WAIT_FINISHED',
    change: (bytes) => bytes.map((byte, i) => (i === 10 ? byte ^ 1 : byte)),
    code: 'ERR_BAD_FINISHED',
    alert: 51,
  },
  {
    name: 'Finished of the server, a byte short',
    role: 'client',
    state: 'WAIT_FINISHED',
    change: (bytes) => encodeHandshake(20, bytes.slice(5)),
    code: 'ERR_DECODE',
    alert: 50,
  },
  withClientHello('legacy_version', (hello) => ({ ...hello, legacyVersion: 0x0302 }), 'ERR_LEGACY_VERSION', 70),
  withClientHello(
    'compression methods',
    (hello) => ({ ...hello, legacyCompressionMethods: Uint8Array.of(1, 0) }),
    'ERR_COMPRESSION',
    47,
  ),
  withClientHello('only unknown suites', (hello) => ({ ...hello, cipherSuites: [0x1399] }), 'ERR_NO_SHARED_SUITE', 40),
  withClientHello(
    'only unknown groups',
    (hello) => ({ ...hello, extensions: replaced(replaced(hello.extensions, 10, [0, 2, 0x12, 0x34]), 51, [0, 0]) }),
    'ERR_NO_SHARED_GROUP',
    40,
  ),
  withClientHello(
    'no TLS 1.3',
    (hello) => ({ ...hello, extensions: replaced(hello.extensions, 43, [2, 3, 3]) }),
    'ERR_VERSION',
    70,
  ),
  withClientHello(
    'no supported_versions',
    (hello) => ({ ...hello, extensions: without(hello.extensions, 43) }),
    'ERR_VERSION',
    70,
  ),
  withClientHello(
    'no signature_algorithms',
    (hello) => ({ ...hello, extensions: without(hello.extensions, 13) }),
    'ERR_MISSING_EXTENSION',
    109,
  ),
  withClientHello(
    'no supported_groups',
    (hello) => ({ ...hello, extensions: without(hello.extensions, 10) }),
    'ERR_MISSING_EXTENSION',
    109,
  ),
  withClientHello(
    'no key_share',
    (hello) => ({ ...hello, extensions: without(hello.extensions, 51) }),
    'ERR_MISSING_EXTENSION',
    109,
  ),
  withClientHello(
    'no scheme that we can make',
    (hello) => ({ ...hello, extensions: replaced(hello.extensions, 13, [0, 2, 4, 3]) }),
    'ERR_NO_CREDENTIAL',
    40,
  ),
  withClientHello(
    'an extension twice',
    (hello) => ({ ...hello, extensions: [...hello.extensions, hello.extensions.find(({ type }) => type === 13)!] }),
    'ERR_DUPLICATE_EXTENSION',
    47,
  ),
  withClientHello(
    'pre_shared_key before the end',
    (hello) => ({ ...hello, extensions: [raw(41, 0, 0), ...hello.extensions] }),
    'ERR_EXTENSION_ORDER',
    47,
  ),
  withClientHello(
    'an extension of a server',
    (hello) => ({ ...hello, extensions: [raw(48, 0, 0), ...hello.extensions] }),
    'ERR_MISPLACED_EXTENSION',
    47,
  ),
  withClientHello(
    'a share that is not one',
    (hello) => ({ ...hello, extensions: replaced(hello.extensions, 51, [0, 5, 0, 0x1d, 0, 1, 4]) }),
    'ERR_BAD_KEY_SHARE',
    47,
  ),
  withClientHello(
    'a share for a group that is not offered',
    (hello) => ({ ...hello, extensions: replaced(hello.extensions, 51, [0, 5, 0, 0x18, 0, 1, 4]) }),
    'ERR_KEY_SHARE_ORDER',
    47,
  ),
  {
    name: 'second ClientHello with other suites',
    role: 'server',
    state: 'START_RETRIED',
    client: { keyShares: [] },
    change: clientHello((hello) => ({ ...hello, cipherSuites: [...hello.cipherSuites].reverse() })),
    code: 'ERR_RETRY_CHANGED',
    alert: 47,
  },
  {
    name: 'second ClientHello with another extension',
    role: 'server',
    state: 'START_RETRIED',
    client: { keyShares: [] },
    change: clientHello((hello) => ({ ...hello, extensions: [...hello.extensions, raw(0x1234)] })),
    code: 'ERR_RETRY_CHANGED',
    alert: 47,
  },
  {
    name: 'second ClientHello without the cookie',
    role: 'server',
    state: 'START_RETRIED',
    client: { keyShares: [] },
    server: { retryCookie: true },
    change: clientHello((hello) => ({ ...hello, extensions: without(hello.extensions, 44) })),
    code: 'ERR_MISSING_EXTENSION',
    alert: 109,
  },
  {
    name: 'second ClientHello with another cookie',
    role: 'server',
    state: 'START_RETRIED',
    client: { keyShares: [] },
    server: { retryCookie: true },
    change: clientHello((hello) => ({ ...hello, extensions: replaced(hello.extensions, 44, [0, 1, 7]) })),
    code: 'ERR_BAD_COOKIE',
    alert: 47,
  },
  {
    name: 'Certificate of a client with a context',
    role: 'server',
    state: 'WAIT_CERT',
    change: edit(11, Certificate, (certificate) => ({ ...certificate, requestContext: Uint8Array.of(1) })),
    code: 'ERR_REQUEST_CONTEXT',
    alert: 47,
    ...mutual,
  },
  {
    name: 'no client certificate where one is required',
    role: 'server',
    state: 'WAIT_CERT',
    change: edit(11, Certificate, (certificate) => ({ ...certificate, entries: [] })),
    code: 'ERR_CERTIFICATE_REQUIRED',
    alert: 116,
    ...mutual,
  },
  {
    name: 'CertificateVerify of a client with a wrong signature',
    role: 'server',
    state: 'WAIT_CV',
    change: edit(15, CertificateVerify, (verify) => ({
      ...verify,
      signature: verify.signature.map((byte) => byte ^ 1),
    })),
    code: 'ERR_BAD_SIGNATURE',
    alert: 51,
    ...mutual,
  },
  {
    name: 'Finished of the client, one bit off',
    role: 'server',
    state: 'WAIT_FINISHED',
    change: (bytes) => bytes.map((byte, i) => (i === 10 ? byte ^ 1 : byte)),
    code: 'ERR_BAD_FINISHED',
    alert: 51,
  },
];

// RFC 5246 ¶7.2.2-3, ¶7.2.2-4
// RFC 9846 §6-3, §6.2-1, §6.2-2, §6.2-3
describe('a broken rule ends in its alert', () => {
  it.each(CASES)('$name: $code', ({ role, state, change, code, alert, client, server }) => {
    const middle = new Middle(role, client, server).until(state);
    middle.pass(({ raw }) => change(raw));
    expectFailure(middle.said, code, alert);
    // The other side hears the very alert.
    expect(middle.peer.status).toBe('failed');
  });

  it('a KeyUpdate that asks for something unknown', () => {
    const middle = new Middle('client').until('CONNECTED');
    middle.inject(encodeHandshake(24, encode(KeyUpdate, { requestUpdate: 2 })));
    expectFailure(middle.said, 'ERR_KEY_UPDATE', 47);
  });

  it('a protocol that the server does not speak', () => {
    const steps = run({ client: makeClient({ alpn: ['x'] }), server: makeServer({ alpn: ['y'] }) });
    expectFailure(steps.server, 'ERR_NO_SHARED_ALPN', 120);
    expect(failure(steps.client)).toMatchObject({ alertReceived: 120 });
  });

  it('a name that the server does not know', () => {
    const steps = run({
      client: makeClient(),
      server: makeServer({ credential: () => undefined, requireServerName: true }),
    });
    expectFailure(steps.server, 'ERR_UNRECOGNIZED_NAME', 112);
  });
});

describe('records that may not be', () => {
  const toServer = (...bytes: number[]): EngineEvent[] => {
    const engine = makeServer();
    engine.start();
    engine.receive(Uint8Array.from(bytes));
    return drain(engine);
  };

  it.each([
    ['a client that speaks HTTP', [...'GET / HTTP/1.1\r\n'].map((c) => c.charCodeAt(0)), 'ERR_NOT_TLS', 10],
    ['another major version', [22, 2, 0, 0, 1, 0], 'ERR_RECORD_VERSION', 70],
    ['a record that is too long', [22, 3, 1, 0x40, 1], 'ERR_RECORD_OVERFLOW', 22],
    ['a handshake record without content', [22, 3, 1, 0, 0], 'ERR_EMPTY_RECORD', 10],
    ['an alert of one byte', [21, 3, 1, 0, 1, 2], 'ERR_BAD_ALERT', 50],
    ['an alert of an unknown level', [21, 3, 1, 0, 2, 3, 40], 'ERR_ALERT_LEVEL', 47],
    ['application data first', [23, 3, 1, 0, 1, 0], 'ERR_UNEXPECTED_RECORD', 10],
    ['ChangeCipherSpec first', [20, 3, 1, 0, 1, 1], 'ERR_BAD_CCS', 10],
    ['a message of a megabyte', [22, 3, 1, 0, 4, 1, 16, 0, 0], 'ERR_MESSAGE_TOO_LARGE', 47],
  ] as const)('%s: %s', (_, bytes, code, alert) => {
    expectFailure(toServer(...bytes), code, alert);
  });

  it('a chain that is larger than the option maxChainSize', () => {
    const chain = [new Uint8Array(1200)];
    const server = { credential: { ...toyCredential, chain } };
    const refused = run(makePair({ maxChainSize: 1024 }, server)).client;
    expectFailure(refused, 'ERR_MESSAGE_TOO_LARGE', 47);
    const read = failure(run(makePair({ maxChainSize: 1300 }, server)).client);
    expect(read).not.toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' });
  });

  it('a record that was changed on the way', () => {
    const pair = connected();
    pair.client.send(Uint8Array.of(1));
    const steps = run(pair, (bytes) => [bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte))]);
    expectFailure(steps.server, 'ERR_BAD_RECORD_MAC', 20);
  });

  // RFC 9846 §5-1
  it('ChangeCipherSpec after the handshake, or with another content', () => {
    for (const [state, content] of [
      ['CONNECTED', [1]],
      ['WAIT_EE', [2]],
    ] as const) {
      const middle = new Middle('client').until(state);
      middle.target.receive(Uint8Array.from([20, 3, 3, 0, content.length, ...content]));
      middle.settle();
      expectFailure(middle.said, 'ERR_BAD_CCS', 10);
    }
  });

  // RFC 9846 §5.4-2
  it('records of padding alone, and floods of empty ones', () => {
    const padding = new Middle('client').until('CONNECTED');
    padding.target.receive(padding.record(0, new Uint8Array(0)));
    padding.settle();
    expectFailure(padding.said, 'ERR_NO_CONTENT_TYPE', 10);
    const empty = new Middle('client').until('CONNECTED');
    for (let i = 0; i < 33; i++) empty.target.receive(empty.record(23, new Uint8Array(0)));
    empty.settle();
    expectFailure(empty.said, 'ERR_TOO_MANY_EMPTY_RECORDS', 10);
  });

  it('a record larger than the limit that was agreed on', () => {
    const middle = new Middle('client', { recordSizeLimit: 200 }).until('CONNECTED');
    middle.target.receive(middle.record(23, new Uint8Array(200)));
    middle.settle();
    expect(failure(middle.said)).toBeUndefined();
    middle.target.receive(middle.record(23, new Uint8Array(201)));
    middle.settle();
    expectFailure(middle.said, 'ERR_RECORD_OVERFLOW', 22);
  });

  it('early data that is not taken is ignored, up to a limit', () => {
    const offer = { type: 42, data: new Uint8Array(0) };
    for (const retry of [false, true]) {
      const client = makeClient(retry ? { keyShares: [] } : {});
      client.start();
      const [first] = drain(client);
      if (first?.type !== 'write') throw new Error('no hello');
      const hello = edit(1, ClientHello, (value) => ({ ...value, extensions: [...value.extensions, offer] }))(
        first.bytes.slice(5),
      );
      const record = (type: number, bytes: Uint8Array): Uint8Array =>
        Uint8Array.from([type, 3, 3, bytes.length >> 8, bytes.length & 255, ...bytes]);
      const server = makeServer();
      server.start();
      server.receive(record(22, hello));
      drain(server);
      for (let i = 0; i < 4; i++) server.receive(record(23, new Uint8Array(4_000).fill(i)));
      expect(failure(drain(server))).toBeUndefined();
      server.receive(record(23, new Uint8Array(16_000)));
      expectFailure(drain(server), 'ERR_TOO_MUCH_EARLY_DATA', 10);
    }
  });
});

function failure(steps: readonly EngineEvent[]): unknown {
  return steps.flatMap((step) => (step.type === 'failed' ? [step.error] : []))[0];
}

function expectFailure(steps: readonly EngineEvent[], code: string, alert: number): void {
  expect(failure(steps)).toMatchObject({ code, alert });
  expect(steps.some((step) => step.type === 'write')).toBe(true);
}

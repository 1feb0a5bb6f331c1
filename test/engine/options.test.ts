import { describe, expect, it } from 'vitest';
import { clientConfig, serverConfig } from '../../src/engine/config/index.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { decode } from '../../src/wire/codec.ts';
import { readExtensions } from '../../src/wire/extension.ts';
import { isGrease } from '../../src/wire/extensions/grease.ts';
import { KNOWN_EXTENSIONS } from '../../src/handshake/tls13/known-extensions.ts';
import { ClientHello } from '../../src/wire/hello.ts';
import { type ClientParts, drain, makeClient } from '../support/pair.ts';
import { toyCredential, toyProvider, toyVerifier } from '../support/toy.ts';

/** No option is ignored: each shows in the ClientHello, or is refused by name. */

const CLIENT = { protocols: [client13], crypto: toyProvider(), verifier: toyVerifier };
const SERVER = { protocols: [server13], crypto: toyProvider(), credential: toyCredential };

describe('options that cannot be', () => {
  it.each([
    ['verifier', { verifier: undefined }],
    ['serverName', { serverName: '' }],
    ['suites', { suites: ['TLS_RSA_WITH_NULL_MD5'] }],
    ['suites', { suites: [] }],
    ['groups', { groups: ['X25518'] }],
    ['signatures', { signatures: ['rsa_md5'] }],
    ['keyShares', { keyShares: ['secp521r1'] }],
    ['alpn', { alpn: [''] }],
    ['alpn', { alpn: ['x'.repeat(256)] }],
    ['recordSizeLimit', { recordSizeLimit: 62 }],
    ['recordSizeLimit', { recordSizeLimit: 16_385 }],
    ['maxFragmentLength', { maxFragmentLength: 1000 }],
    ['maxFragmentLength', { maxFragmentLength: 512, recordSizeLimit: 512 }],
    ['padHelloTo', { padHelloTo: -1 }],
    ['maxChainSize', { maxChainSize: 1023 }],
    ['maxChainSize', { maxChainSize: 2 ** 24 }],
    ['helloRequest', { helloRequest: 'renegotiate' }],
    ['padRecordsTo', { padRecordsTo: 0.5 }],
    ['sendServerName', { sendServerName: true, serverName: '127.0.0.1' }],
    ['rejectUnauthorized', { rejectUnauthorized: false }],
    ['clientAuth', { clientAuth: 'require' }],
    ['protocols', { protocols: [] }],
    ['protocols', { protocols: [server13] }],
  ])('client %s: %o', (option, options) => {
    expect(() => clientConfig({ ...CLIENT, ...(options as object) })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(option) }),
    );
  });

  it.each([
    ['credential', { credential: undefined }],
    ['credential', { credential: { ...toyCredential, chain: [] } }],
    ['clientAuth', { clientAuth: 'always', verifier: toyVerifier }],
    ['verifier', { clientAuth: 'require' }],
    ['preference', { preference: 'neither' }],
    ['serverName', { serverName: 'a' }],
    ['protocols', { protocols: [client13] }],
  ])('server %s: %o', (option, options) => {
    expect(() => serverConfig({ ...SERVER, ...(options as object) })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(option) }),
    );
  });
});

describe('the ClientHello', () => {
  it.each([
    ['plain', {}],
    ['suites', { suites: ['TLS_AES_256_GCM_SHA384'] }],
    ['groups', { groups: ['secp256r1'] }],
    ['signatures', { signatures: ['ed25519'] }],
    ['certificateSignatures', { certificateSignatures: ['ed25519'] }],
    ['alpn', { alpn: ['h2', 'http/1.1'] }],
    ['recordSizeLimit', { recordSizeLimit: 512 }],
    ['maxFragmentLength', { maxFragmentLength: 1024 }],
    ['an address', { serverName: '127.0.0.1' }],
    ['sendServerName', { sendServerName: false }],
    ['keyShares', { keyShares: ['secp256r1', 'X25519'] }],
    ['no key share', { keyShares: [] }],
    ['authorities', { authorities: [Uint8Array.of(0x30, 0)] }],
    ['postHandshakeAuth', { postHandshakeAuth: true }],
    ['compatibilityMode', { compatibilityMode: false }],
    ['stapling and timestamps', { verifier: { ...toyVerifier, wantsOcsp: true, wantsSct: true } }],
  ] as readonly (readonly [string, ClientParts])[])('with %s', (_, options) => {
    expect(shown({ grease: false, ...options })).toMatchSnapshot();
  });

  // RFC 9846 §9.3-3
  it('has reserved values where it says so, and other ones each time', () => {
    const { raw } = hello({ grease: true });
    expect(raw.cipherSuites.filter(isGrease).length).toBe(1);
    expect(raw.extensions.filter(({ type }) => isGrease(type)).length).toBe(2);
    expect(hello({ grease: false }).raw.extensions.some(({ type }) => isGrease(type))).toBe(false);
  });

  it.each([512, 600])('is padded to a multiple of %i bytes', (padHelloTo) => {
    expect((hello({ padHelloTo }).bytes.length + 4) % padHelloTo).toBe(0);
  });
});

function hello(options: ClientParts): { readonly raw: ClientHello; readonly bytes: Uint8Array } {
  const engine = makeClient({ crypto: toyProvider(3), ...options });
  engine.start();
  const [first] = drain(engine);
  if (first?.type !== 'write') throw new Error('nothing was written');
  const bytes = first.bytes.slice(9);
  return { raw: decode(ClientHello, bytes), bytes };
}

function shown(options: ClientParts): unknown {
  const { raw } = hello(options);
  const block = readExtensions('ClientHello', raw.extensions, KNOWN_EXTENSIONS);
  return {
    sessionId: raw.legacySessionId.length,
    suites: raw.cipherSuites.map(hex),
    extensions: raw.extensions.map(({ type, data }) => {
      const known = KNOWN_EXTENSIONS.find(({ id }) => id === type);
      return `${known?.name ?? type}: ${type === 51 ? JSON.stringify((block.get(known as never) as { group: number }[]).map(({ group }) => hex(group))) : Buffer.from(data).toString('hex')}`;
    }),
  };
}

function hex(id: number): string {
  return `0x${id.toString(16).padStart(4, '0')}`;
}

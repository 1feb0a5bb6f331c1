import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import { type Annotation, annotate } from '../../src/inspect/annotate.ts';
import { dump } from '../../src/inspect/dump.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';
import { clientHello, flight13, handshake12, handshake13, helloRetryRequest, serverHello } from './samples.ts';

/** Everything but messages and groups: what bytes are shown beside. */
const leaves = (annotations: readonly Annotation[]): readonly Annotation[] =>
  annotations.filter(({ kind }) => kind !== 'message' && kind !== 'group');

/** Each byte is named once, in order. */
function expectTiled(bytes: Uint8Array, annotations: readonly Annotation[]): void {
  let at = 0;
  for (const { start, end, path } of leaves(annotations)) {
    expect(`${path} at ${start}`).toBe(`${path} at ${at}`);
    at = end;
  }
  expect(at).toBe(bytes.length);
}

const valueAt = (annotations: readonly Annotation[], path: string, kind?: Annotation['kind']): string | undefined =>
  annotations.find(
    (annotation) =>
      annotation.path === path && annotation.kind !== 'length' && (kind ?? annotation.kind) === annotation.kind,
  )?.value;

describe('annotations', () => {
  it.each([
    ['a handshake of TLS 1.3', handshake13],
    ['a handshake of TLS 1.2', handshake12],
    ['a HelloRetryRequest', helloRetryRequest],
  ])('name every byte of %s, once and in order', (_, bytes) => {
    const annotations = annotate(bytes);
    expect(annotations.filter(({ kind }) => kind === 'fault')).toEqual([]);
    expectTiled(bytes, annotations);
  });

  it('name every byte of what is broken too', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(handshake13, handshake12, helloRetryRequest),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        fc.nat(),
        (good, changes, cut) => {
          const bytes = good.slice(0, good.length - (cut % good.length));
          for (const [where, value] of changes) bytes[where % bytes.length] = value;
          expectTiled(bytes, annotate(bytes));
          dump(bytes);
        },
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expectTiled(bytes, annotate(bytes));
      }),
    );
  });

  it('say what a ClientHello says', () => {
    const annotations = annotate(clientHello);
    expect(annotations[0]).toMatchObject({ kind: 'message', name: 'ClientHello', start: 0, end: clientHello.length });
    expect(valueAt(annotations, 'ClientHello.type')).toBe('client_hello (1)');
    expect(valueAt(annotations, 'ClientHello.legacyVersion')).toBe('TLS 1.2');
    expect(valueAt(annotations, 'ClientHello.cipherSuites[0]')).toBe('GREASE (0x1a1a)');
    expect(valueAt(annotations, 'ClientHello.cipherSuites[1]')).toBe('TLS_AES_128_GCM_SHA256');
    expect(valueAt(annotations, 'ClientHello.extensions[1]')).toBe('server_name');
    expect(valueAt(annotations, 'ClientHello.extensions[1].server_name')).toBe('"example.com"');
    expect(valueAt(annotations, 'ClientHello.extensions[2].supported_groups[0]')).toBe('X25519MLKEM768');
    expect(valueAt(annotations, 'ClientHello.extensions[4].application_layer_protocol_negotiation')).toBe(
      '"h2", "http/1.1"',
    );
    expect(valueAt(annotations, 'ClientHello.extensions[7].supported_versions')).toBe('TLS 1.3, TLS 1.2');
    expect(valueAt(annotations, 'ClientHello.extensions[9].key_share[0].group')).toBe('x25519');
    expect(valueAt(annotations, 'ClientHello.extensions[11].pre_shared_key.identities[0].obfuscatedTicketAge')).toBe(
      '77',
    );
  });

  it('point at the bytes', () => {
    const share = annotate(clientHello).find(
      ({ path, kind }) => path.endsWith('key_share[0].keyExchange') && kind === 'field',
    )!;
    expect(clientHello.subarray(share.start, share.end)).toEqual(new Uint8Array(32).fill(0x55));
  });

  it('tell the hellos of a server apart', () => {
    expect(annotate(serverHello)[0]!.value).toContain('RFC 9846 section 4.2.3');
    const retry = annotate(helloRetryRequest);
    expect(retry[0]!.name).toBe('HelloRetryRequest');
    expect(valueAt(retry, 'HelloRetryRequest.random')).toContain('HelloRetryRequest');
    expect(valueAt(retry, 'HelloRetryRequest.extensions[1].key_share')).toBe('secp256r1');
    const old = annotate(handshake12);
    expect(valueAt(old, 'ServerHello.random')).toContain('TLS 1.3 was possible');
  });

  it('read what follows by the version that the server chose', () => {
    const names = (bytes: Uint8Array): string[] =>
      annotate(bytes)
        .filter(({ kind }) => kind === 'message')
        .map(({ name, value }) => `${name}: ${value.split(', ')[1]}`);
    expect(names(handshake13)).toContain('Certificate: RFC 9846 section 4.5.1');
    expect(names(handshake12)).toContain('Certificate: RFC 5246 section 7.4.2');
    expect(valueAt(annotate(handshake12), 'ServerKeyExchange.params.group')).toBe('x25519');
    expect(annotate(flight13[2]!, { version: 0x0303 }).some(({ kind }) => kind === 'fault')).toBe(true);
  });

  it('say where reading fails, and why', () => {
    const bytes = clientHello.slice();
    bytes[4 + 34] = 40; // the length of legacy_session_id
    const fault = annotate(bytes).find(({ kind }) => kind === 'fault')!;
    expect(fault.value).toContain('ClientHello.legacySessionId: 40 bytes, allowed are 0 to 32');
    expect(fault.start).toBe(4 + 35);
    expect(fault.end).toBe(bytes.length);

    const cut = annotate(clientHello.subarray(0, 50)).find(({ kind }) => kind === 'fault')!;
    expect(cut.value).toBe(`${clientHello.length - 4} bytes announced, 46 there`);
    expect(annotate(Uint8Array.of(1, 0))).toMatchObject([{ kind: 'fault', start: 0, end: 2 }]);
  });

  it('take a message they do not know as it is', () => {
    const annotations = annotate(encodeHandshake(99, Uint8Array.of(1, 2, 3)));
    expect(annotations[0]!.name).toBe('handshake type 99');
    expect(leaves(annotations).at(-1)).toMatchObject({ start: 4, end: 7, value: '3 bytes: 010203' });
  });

  it('are made of a message with very many parts too', () => {
    const many = encodeHandshake(
      1,
      concat(new Uint8Array(35), Uint8Array.of(0xff, 0xfe), new Uint8Array(0xfffe), Uint8Array.of(1, 0)),
    );
    const bytes = concat(many, many, many, many);
    expectTiled(bytes, annotate(bytes));
  });
});

describe('a dump', () => {
  it('has the offset, the bytes, the field and its value', () => {
    const lines = dump(clientHello).split('\n');
    expect(lines[0]).toMatch(/^0000 {2} +ClientHello: \d+ bytes, RFC 9846 section 4\.2\.2$/);
    expect(lines).toContain('0000  01                                                 type: client_hello (1)');
    expect(lines.some((line) => /^[0-9a-f]{4} {2}00 1d +group: x25519$/.test(line))).toBe(true);
    expect(lines.at(-1)).toBe('');
  });

  it('shows every byte when asked to', () => {
    const shown = dump(handshake13, { lines: 1000 })
      .split('\n')
      .map((line) => /^[0-9a-f]{4} {2}((?:[0-9a-f]{2} )*[0-9a-f]{2}(?= |$))?/.exec(line)?.[1] ?? '')
      .join(' ');
    expect(
      shown
        .trim()
        .split(/\s+/)
        .map((byte) => Number.parseInt(byte, 16)),
    ).toEqual([...handshake13]);
  });

  it('cuts what is long, and says how much', () => {
    const certificate = dump(flight13[2]!);
    expect(certificate).toContain('… 268 bytes more');
    expect(dump(flight13[2]!, { lines: 1 })).toContain('… 284 bytes more');
    expect(dump(flight13[2]!, { lines: 100 })).not.toContain('more');
  });

  it('counts from where it is told', () => {
    expect(dump(serverHello, { base: 0x10000 })).toMatch(/^10000 /);
  });

  it('obeys no character of the peer', () => {
    const hello = clientHello.slice();
    const at = hello.findIndex((byte, i) => byte === 0x68 && hello[i + 1] === 0x32); // "h2"
    hello[at] = 0x1b;
    hello[at + 1] = 0x9b;
    const text = dump(hello);
    expect(text).toContain('"\\x1b\\x9b"');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  });
});

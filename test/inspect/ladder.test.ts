import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../src/handshake/config.ts';
import { clientTable13 } from '../../src/handshake/tls13/client/table.ts';
import { serverTable13 } from '../../src/handshake/tls13/server/table.ts';
import { drawMermaid, drawSvg } from '../../src/inspect/draw.ts';
import { drawText, liveText } from '../../src/inspect/draw-text.ts';
import { textWidth } from '../../src/bytes/width.ts';
import { type Recorder, type Rung, recordLadder } from '../../src/inspect/ladder.ts';
import { drawStates } from '../../src/inspect/mermaid.ts';
import { clientHello, flight13, handshake12, helloRetryRequest, serverHello } from './samples.ts';

type MessageEvent = Extract<TraceEvent, { readonly type: 'message' }>;
const message = (from: 'client' | 'server', epoch: MessageEvent['epoch'], raw: Uint8Array): TraceEvent => ({
  type: 'message',
  from,
  handshakeType: raw[0]!,
  epoch,
  raw,
});

function record(...events: readonly TraceEvent[]): Recorder {
  const recorder = recordLadder();
  for (const event of events) recorder.onTrace(event);
  return recorder;
}

const whole = record(
  message('client', 'plaintext', clientHello),
  message('server', 'plaintext', serverHello),
  ...flight13.slice(0, 5).map((raw) => message('server', 'handshake', raw)),
  { type: 'keys', by: 'client', direction: 'read', epoch: 'application' },
  { type: 'note', by: 'client', text: 'Finished of the server fits' },
  message('client', 'handshake', flight13[4]!),
  { type: 'note', by: 'server', text: 'Finished of the client fits' },
  message('server', 'application', flight13[5]!),
  { type: 'data', from: 'client', length: 100 },
  { type: 'data', from: 'client', length: 23 },
  { type: 'data', from: 'server', length: 1 },
  { type: 'alert', from: 'client', level: 1, description: 0, epoch: 'application' },
);

describe('a ladder', () => {
  it('has a rung for each message, alert and note, and one for data that flows one way', () => {
    expect(
      whole.rungs.map((rung) => (rung.type === 'note' ? `note of ${rung.by}` : `${rung.from}: ${rung.name}`)),
    ).toEqual([
      'client: ClientHello',
      'server: ServerHello',
      'server: EncryptedExtensions',
      'server: CertificateRequest',
      'server: Certificate',
      'server: CertificateVerify',
      'server: Finished',
      'note of client',
      'client: Finished',
      'note of server',
      'server: NewSessionTicket',
      'client: Application Data',
      'server: Application Data',
      'client: Alert',
    ]);
    expect(
      whole.rungs.flatMap((rung) => (rung.type === 'message' && rung.name === 'Application Data' ? rung.details : [])),
    ).toEqual(['123 bytes', '1 byte']);
  });

  const detailsOf = (recorder: Recorder, at: number): readonly string[] => {
    const rung = recorder.rungs[at]!;
    return rung.type === 'message' ? rung.details : [rung.text];
  };

  it('says what the messages say', () => {
    expect(detailsOf(whole, 0)).toEqual([
      'versions: TLS 1.3, TLS 1.2',
      'suites: GREASE (0x1a1a), TLS_AES_128_GCM_SHA256, TLS_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      'groups: X25519MLKEM768, x25519',
      'key shares: x25519',
      'signatures: ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256, rsa_pkcs1_sha256 and 2 more',
      'server name: "example.com"',
      'protocols: "h2", "http/1.1"',
      'PSKs: 1',
      'early data: follows',
      'cookie: 5 bytes',
    ]);
    expect(detailsOf(whole, 1)).toEqual(['version: TLS 1.3', 'suite: TLS_AES_128_GCM_SHA256', 'key share: x25519']);
    expect(detailsOf(whole, 2)).toEqual(['protocol: "h2"', 'answers: server_name']);
    expect(detailsOf(whole, 3)).toEqual(['signatures: ecdsa_secp256r1_sha256']);
    expect(detailsOf(whole, 4)).toEqual(['2 certificates: 300 bytes, 1 byte', 'with an OCSP response']);
    expect(detailsOf(whole, 5)).toEqual(['signed with ecdsa_secp256r1_sha256']);
    expect(detailsOf(whole, 10)).toEqual(['good for 7200 seconds']);
    expect(detailsOf(whole, 13)).toEqual(['warning: close_notify']);
    expect(detailsOf(record(message('server', 'plaintext', helloRetryRequest)), 0)).toEqual([
      'version: TLS 1.3',
      'suite: TLS_AES_128_GCM_SHA256',
      'wants a key share for: secp256r1',
      'cookie: 1 byte',
    ]);
  });

  it('reads TLS 1.2 by what the ServerHello chose', () => {
    const events: TraceEvent[] = [];
    for (let at = 0; at < handshake12.length; ) {
      const length = 4 + handshake12[at + 2]! * 256 + handshake12[at + 3]!;
      events.push(message('server', 'plaintext', handshake12.subarray(at, at + length)));
      at += length;
    }
    const recorder = record(...events);
    expect(recorder.rungs.flatMap((rung) => (rung.type === 'message' ? rung.details : []))).not.toContain(
      'cannot be read',
    );
    expect(detailsOf(recorder, 4)).toEqual(['key share: x25519', 'signed with rsa_pss_rsae_sha256']);
  });

  it('does not stumble over what it cannot read', () => {
    const broken = record(message('client', 'plaintext', Uint8Array.of(1, 0, 0, 2, 3, 3)));
    expect(broken.rungs).toEqual([
      { type: 'message', from: 'client', name: 'ClientHello', epoch: 'plaintext', details: ['cannot be read'] },
    ]);
  });

  it('notes keys when asked to, and has an end', () => {
    const recorder = recordLadder({ keys: true, most: 2 });
    recorder.onTrace({ type: 'keys', by: 'client', direction: 'read', epoch: 'handshake' });
    recorder.onTrace({ type: 'change-cipher-spec', from: 'server' });
    recorder.onTrace({ type: 'change-cipher-spec', from: 'server' });
    expect(recorder.rungs).toEqual([
      { type: 'note', by: 'client', text: 'reads under handshake keys from here' },
      { type: 'message', from: 'server', name: 'ChangeCipherSpec', epoch: 'plaintext', details: [] },
    ]);
  });

  it('counts data past its end', () => {
    const recorder = recordLadder({ most: 1 });
    for (let i = 0; i < 3; i++) recorder.onTrace({ type: 'data', from: 'client', length: 5 });
    recorder.onTrace({ type: 'data', from: 'server', length: 5 });
    recorder.onTrace({ type: 'data', from: 'client', length: 5 });
    expect(recorder.rungs).toMatchObject([{ from: 'client', details: ['15 bytes'] }]);
  });
});

const hostile: readonly Rung[] = [
  { type: 'note', by: 'client', text: 'a\u001b[31m<script>"&;#\u202e' },
  { type: 'message', from: 'server', name: 'Alert', epoch: 'handshake', details: ['<b>\u0000'] },
  { type: 'note', by: 'server', text: `${'long '.repeat(40)}${'x'.repeat(200)}` },
];

describe('drawn as text', () => {
  it('is as wide as it was told, and no wider', () => {
    for (const width of [40, 60, 78, 120]) {
      for (const rungs of [whole.rungs, hostile]) {
        const lines = drawText(rungs, { width }).split('\n');
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
      }
    }
  });

  it('points from the one who speaks to the one who hears, and marks the keys', () => {
    const lines = drawText(whole.rungs).split('\n');
    const at = (text: string): number => lines.findIndex((line) => line.includes(text));
    expect(lines[0]).toMatch(/^client +server$/);
    expect(lines.slice(at('ClientHello')).find((line) => /[▶◀]/.test(line))).toMatch(/│─+▶│/);
    expect(lines[at('{CertificateVerify}') + 2]).toMatch(/│◀─+│/);
    expect(at('[NewSessionTicket]')).toBeGreaterThan(at('{Finished}'));
    expect(lines[at('Finished of the server fits')]).toMatch(/^ {2}● Finished/);
    expect(lines[at('Finished of the client fits')]).toMatch(/fits ●$/);
  });

  it('obeys no character of the peer', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(drawText(hostile)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  });
});

const scripts: readonly Rung[] = [
  { type: 'note', by: 'client', text: 'certificate trusted: CN=山田　太郎,O=株式会社 日本' },
  { type: 'note', by: 'server', text: 'CN=שלום עולם "12", CN=سلام' },
  { type: 'message', from: 'server', name: 'Certificate', epoch: 'handshake', details: ['日本語'.repeat(30)] },
];

describe('names in every script', () => {
  it('are drawn as they are, between lines that stay straight', () => {
    const lines = drawText(scripts, { width: 60 }).trimEnd().split('\n').slice(1, -3);
    for (const line of lines) expect([line, textWidth(line)]).toEqual([line, 58]);
    expect(lines.join('')).toContain('CN=山田　太郎');
    expect(lines.join('')).toContain('CN=שלום עולם "12"');
  });

  it('turn nothing round but themselves where pictures are drawn', () => {
    expect(drawSvg(scripts)).toContain('CN=שלום עולם\u200e &#34;12&#34;, CN=سلام\u200e');
    expect(drawMermaid(scripts)).toContain('CN=שלום עולם#8206; #34;12#34;');
    expect(drawSvg(whole.rungs)).not.toContain('\u200e');
  });
});

describe('drawn while it happens', () => {
  const rungsOf = (text: string): string => text.split('\n').slice(2, -4).join('\n');

  it('is at the end what would have been drawn afterwards, and each message is there as soon as it is told of', () => {
    let drawn = '';
    const live = liveText({ write: (text) => (drawn += text) });
    live.onTrace(message('client', 'plaintext', clientHello));
    expect(drawn).toMatch(/ClientHello[\s\S]*▶│\n$/);
    live.onTrace(message('server', 'plaintext', serverHello));
    live.onTrace({ type: 'data', from: 'client', length: 100 });
    expect(drawn).not.toContain('Application Data');
    live.onTrace({ type: 'data', from: 'client', length: 23 });
    live.onTrace({ type: 'data', from: 'server', length: 5 });
    expect(drawn).toContain('123 bytes');
    live.end();
    live.end();
    live.onTrace({ type: 'data', from: 'client', length: 1 });
    const recorder = record(message('client', 'plaintext', clientHello), message('server', 'plaintext', serverHello));
    recorder.onTrace({ type: 'data', from: 'client', length: 123 });
    recorder.onTrace({ type: 'data', from: 'server', length: 5 });
    expect(rungsOf(drawn)).toBe(rungsOf(drawText(recorder.rungs)));
    expect(drawn).toBe(drawText(recorder.rungs));
  });

  it('says when, says whose certificates, and has colours where they are wanted', () => {
    let drawn = '';
    let now = 1000;
    const live = liveText({
      write: (text) => (drawn += text),
      now: () => (now += 1.25),
      colours: true,
      certificateText: (der) => `a certificate of ${der.length}`,
    });
    live.onTrace(message('client', 'plaintext', clientHello));
    live.onTrace(message('server', 'plaintext', serverHello));
    live.onTrace(message('server', 'handshake', flight13[2]!));
    live.end();
    expect(drawn).toMatch(/0\.0 ms/);
    expect(drawn).toMatch(/2\.5 ms/);
    expect(drawn).toContain('\u001b[1;32m{Certificate}\u001b[0m');
    expect(drawn).toContain('a certificate of ');
    expect(drawText([], {})).not.toContain('\u001b');
  });
});

describe('drawn as Mermaid', () => {
  it('is a sequence diagram', () => {
    const lines = drawMermaid(whole.rungs).split('\n');
    expect(lines.slice(0, 3)).toEqual(['sequenceDiagram', '  participant client', '  participant server']);
    expect(lines).toContain('  server->>client: {CertificateVerify}<br/>signed with ecdsa_secp256r1_sha256');
    expect(lines).toContain('  Note over client: Finished of the server fits');
    expect(lines).toContain(
      '  server->>client: {EncryptedExtensions}<br/>protocol: #34;h2#34;<br/>answers: server_name',
    );
  });

  it('keeps what could be its own language apart', () => {
    const text = drawMermaid(hostile);
    expect(text).toContain('a\\x1b[31m#60;script#62;#34;#38;#59;#35;\\u202e');
    expect(text).not.toContain('<b>');
  });
});

describe('drawn as SVG', () => {
  it('is well formed, with a title and an arrow for each message', () => {
    const svg = drawSvg(whole.rungs, { title: 'a < b' });
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" role="img" /);
    expect(svg).toContain('<title>a &#60; b</title>');
    expectBalanced(svg);
    expect(svg.match(/stroke-width="1\.5"/g)).toHaveLength(whole.rungs.filter(({ type }) => type === 'message').length);
    expect(svg.match(/<circle/g)).toHaveLength(2);
  });

  it('brings nothing that could run or reach out', () => {
    const svg = drawSvg(hostile);
    expectBalanced(svg);
    expect(svg).not.toMatch(/<script|<style|<b>|href|url\(/);
    expect(svg).toContain('&#60;script&#62;');
  });
});

/** Every element is closed by its own name, and every `&` begins a number. */
function expectBalanced(svg: string): void {
  const open: string[] = [];
  for (const [, closing, name, selfClosing] of svg.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
    if (selfClosing === '/') continue;
    if (closing === '/') expect(open.pop()).toBe(name);
    else open.push(name!);
  }
  expect(open).toEqual([]);
  expect(svg.replace(/&#\d+;/g, '')).not.toContain('&');
}

describe('states', () => {
  it('are drawn from the table that decides', () => {
    expect(
      drawStates({
        A: {
          Hello: { epoch: 'plaintext', to: ['B', 'C'], rekeysRead: true },
          Other: { epoch: 'handshake', to: ['B'] },
        },
        B: {},
      }),
    ).toBe(
      `stateDiagram-v2
  [*] --> A
  A --> B: Hello (plaintext, ↻)<br/>Other (handshake)
  A --> C: Hello (plaintext, ↻)
`,
    );
  });

  it.each([
    ['client', clientTable13, 'WAIT_SH'],
    ['server', serverTable13, 'START'],
  ] as const)('of the %s all can be reached', (_, table, start) => {
    const lines = drawStates(table).trim().split('\n').slice(1);
    expect(lines[0]).toBe(`  [*] --> ${start}`);
    const targets = new Set(lines.map((line) => /--> (\w+)/.exec(line)![1]));
    expect([...targets].sort()).toEqual(Object.keys(table).sort());
  });

  it('can begin elsewhere', () => {
    expect(drawStates(clientTable13, { start: 'CONNECTED' })).toContain('[*] --> CONNECTED');
    expect(drawStates({})).toBe('stateDiagram-v2\n');
  });
});

import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../src/handshake/config.ts';
import { annotate } from '../../src/inspect/annotate.ts';
import { drawText } from '../../src/inspect/draw-text.ts';
import { recordLadder } from '../../src/inspect/ladder.ts';
import { connected } from '../support/pair.ts';

describe('a connection of ours, watched', () => {
  const events: TraceEvent[] = [];
  const recorder = recordLadder();
  connected(
    {
      alpn: ['h2'],
      onTrace: (event) => {
        events.push(event);
        recorder.onTrace(event);
      },
    },
    {
      alpn: ['h2'],
      onTrace: (event) => {
        if (event.type === 'note') recorder.onTrace(event);
      },
    },
  );

  it('can be read to the last byte', () => {
    const raws = events.flatMap((event) => (event.type === 'message' ? [event.raw] : []));
    expect(raws.length).toBeGreaterThanOrEqual(7);
    for (const raw of raws) {
      let at = 0;
      for (const { kind, start, end } of annotate(raw)) {
        expect(kind).not.toBe('fault');
        if (kind === 'message' || kind === 'group') continue;
        expect(start).toBe(at);
        at = end;
      }
      expect(at).toBe(raw.length);
    }
  });

  it('makes a ladder in the order of the handshake', () => {
    const names = recorder.rungs.flatMap((rung) =>
      rung.type === 'message' && rung.name !== 'ChangeCipherSpec' ? [rung.name] : [],
    );
    expect(names).toEqual([
      'ClientHello',
      'ServerHello',
      'EncryptedExtensions',
      'Certificate',
      'CertificateVerify',
      'Finished',
      'Finished',
    ]);
    const text = drawText(recorder.rungs);
    expect(text).toContain('{Certificate}');
    expect(text).toContain('protocol: "h2"');
    expect(text).toMatch(/● .*Finished of the server fits/);
    expect(text).toMatch(/Finished of the client fits.*●$/m);
    expect(text).not.toContain('cannot be read');
  });
});

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import { DerError } from '../../src/bytes/der.ts';
import { derNull, derOctetString } from '../../src/bytes/der-writer.ts';
import { TlsError } from '../../src/errors.ts';
import type { PeerVerifier, PresentedPeer } from '../../src/handshake/peer.ts';
import type { Certificate } from '../../src/pki/x509/certificate.ts';
import { isPrecertificate, type Log, readSctList, withoutTimestamps } from '../../src/pki/x509/sct.ts';
import { type TransparencyOptions, transparencyVerifier } from '../../src/pki/verifiers/transparency.ts';
import { DAY, damaged, digest, extension, make, makeOcsp, NOW, provider, single } from './revocation-maker.ts';

interface TestLog extends Log {
  readonly signer: KeyObject;
}

const root = make('Root');
const san = extension('2.5.29.17', Uint8Array.of(0x30, 3, 0x82, 1, 0x61));
const leaf = make('Leaf', { issuer: root, extensions: [san] }).certificate;
const one = log('One');
const two = log('Two');
const twin = log('Two');
const logs = [one, two, twin];

function log(operator: string, more: Partial<Log> = {}): TestLog {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
    operator,
    signer: privateKey,
    ...more,
  };
}

const u16 = (n: number) => Uint8Array.of(n >> 8, n & 255);
const u24 = (n: number) => Uint8Array.of(n >> 16, (n >> 8) & 255, n & 255);

function sct(by: TestLog, entry: Uint8Array, timestamp: number = NOW - DAY, version: number = 0): Uint8Array {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(timestamp));
  const signature = new Uint8Array(sign('sha256', concat(Uint8Array.of(0, 0), time, entry, u16(0)), by.signer));
  const bytes = concat(
    Uint8Array.of(version),
    digest('sha256', by.key),
    time,
    u16(0),
    Uint8Array.of(4, 3),
    u16(signature.length),
    signature,
  );
  return concat(u16(bytes.length), bytes);
}

const list = (...scts: readonly Uint8Array[]) => concat(u16(concat(...scts).length), ...scts);
const x509 = ({ der }: Certificate) => concat(u16(0), u24(der.length), der);
const precert = (tbs: Uint8Array) => concat(u16(1), digest('sha256', root.spki), u24(tbs.length), tbs);

async function verdict(
  certificate: Certificate,
  sent: { readonly sct?: Uint8Array; readonly ocsp?: Uint8Array },
  options: Partial<TransparencyOptions> = {},
): Promise<string> {
  const inner: PeerVerifier = {
    verify: () => ({ ok: true, publicKey: certificate.spki, path: [certificate.der, root.certificate.der] }),
  };
  const peer = {
    role: 'client',
    chain: [certificate.der],
    ocspResponses: [sent.ocsp],
    sctLists: [sent.sct],
    now: NOW,
  } as unknown as PresentedPeer;
  const answer = await transparencyVerifier(inner, { crypto: provider, logs, ...options }).verify(peer);
  return answer.ok ? 'yes' : `${answer.failure.code} ${answer.failure.message}`;
}

describe('timestamps', () => {
  it('in the handshake are about the certificate', async () => {
    expect(await verdict(leaf, { sct: list(sct(one, x509(leaf)), sct(two, x509(leaf))) })).toBe('yes');
    expect(await verdict(leaf, { sct: list(sct(one, precert(leaf.tbs)), sct(two, x509(leaf))) })).toMatch(
      /^CERT_TRANSPARENCY .*signature/,
    );
    expect(await verdict(leaf, {})).toMatch(/no timestamp/);
  });

  it('in the certificate are about what it was before', async () => {
    const plain = make('Embedded', { issuer: root, serial: 5, extensions: [san] });
    // Everything but the list, the serial number and the key being the same, the log saw exactly this.
    const embedded = extension(
      '1.3.6.1.4.1.11129.2.4.2',
      derOctetString(list(sct(one, precert(plain.certificate.tbs)), sct(two, precert(plain.certificate.tbs)))),
    );
    const { certificate } = make('Embedded', { issuer: root, serial: 5, extensions: [san, embedded], key: plain.key });
    expect(Buffer.from(withoutTimestamps(certificate.tbs))).toEqual(Buffer.from(plain.certificate.tbs));
    expect(await verdict(certificate, {})).toBe('yes');
    const moved = make('Embedded', { issuer: root, serial: 6, extensions: [san, embedded], key: plain.key });
    expect(await verdict(moved.certificate, {})).toMatch(/signature/);
  });

  it('in a stapled response count when the response can be believed', async () => {
    const scts = list(sct(one, x509(leaf)), sct(two, x509(leaf)));
    const about = single({
      certificate: leaf,
      issuer: root,
      extensions: [extension('1.3.6.1.4.1.11129.2.4.5', derOctetString(scts))],
    });
    expect(await verdict(leaf, { ocsp: makeOcsp([about], { signer: root }) })).toBe('yes');
    expect(await verdict(leaf, { ocsp: makeOcsp([about], { signer: make('Stranger') }) })).toMatch(/no timestamp/);
  });

  it('count by log and by operator', async () => {
    expect(await verdict(leaf, { sct: list(sct(one, x509(leaf)), sct(one, x509(leaf), NOW - 2 * DAY)) })).toMatch(
      /found 1 of 1/,
    );
    expect(await verdict(leaf, { sct: list(sct(two, x509(leaf)), sct(twin, x509(leaf))) })).toMatch(/found 2 of 1/);
    expect(await verdict(leaf, { sct: list(sct(two, x509(leaf)), sct(twin, x509(leaf))) }, { minOperators: 1 })).toBe(
      'yes',
    );
    expect(await verdict(leaf, { sct: list(sct(one, x509(leaf)), sct(log('Three'), x509(leaf))) })).toMatch(
      /not one of those that are trusted/,
    );
  });

  it('from the future, of a retired log and of another version do not count', async () => {
    expect(await verdict(leaf, { sct: list(sct(one, x509(leaf)), sct(two, x509(leaf), NOW + DAY)) })).toMatch(/future/);
    const options = { logs: [one, { ...two, retired: NOW - 2 * DAY }] };
    expect(await verdict(leaf, { sct: list(sct(one, x509(leaf)), sct(two, x509(leaf))) }, options)).toMatch(/retired/);
    expect(await verdict(leaf, { sct: list(sct(one, x509(leaf)), sct(two, x509(leaf), NOW - 3 * DAY)) }, options)).toBe(
      'yes',
    );
    expect(await verdict(leaf, { sct: list(sct(one, x509(leaf)), sct(two, x509(leaf), NOW - DAY, 1)) })).toMatch(
      /found 1 of 1/,
    );
  });

  it('that are cut short are refused, and nothing else is thrown', () => {
    const whole = list(sct(one, x509(leaf)), sct(two, x509(leaf)));
    expect(readSctList(whole).length).toBe(2);
    for (let length = 0; length < whole.length; length++)
      expect(() => readSctList(whole.subarray(0, length))).toThrow(DerError);
    expect(() => readSctList(concat(whole, Uint8Array.of(0)))).toThrow(DerError);
    expect(() => readSctList(Uint8Array.of(0, 0))).toThrow(DerError);
  });

  it('that are damaged do not count', async () => {
    const whole = list(sct(one, x509(leaf)), sct(two, x509(leaf)));
    for (let at = 0; at < whole.length; at += 7)
      expect(await verdict(leaf, { sct: damaged(whole, at) })).not.toBe('yes');
  });
});

describe('the verifier around another', () => {
  it('passes on a refusal, and says no to options that there are not', async () => {
    const failure = { code: 'CERT_EXPIRED', message: 'x', alert: 45 } as const;
    const verifier = transparencyVerifier(
      { verify: () => ({ ok: false, failure }), wantsOcsp: true },
      { crypto: provider, logs },
    );
    expect(verifier.wantsSct).toBe(true);
    expect(verifier.wantsOcsp).toBe(true);
    expect(await verifier.verify({} as PresentedPeer)).toEqual({ ok: false, failure });
    expect(() =>
      transparencyVerifier(verifier, { crypto: provider, logs, least: 2 } as unknown as TransparencyOptions),
    ).toThrow(TlsError);
    expect(() => transparencyVerifier(verifier, { crypto: provider, logs, minLogs: -1 })).toThrow(TlsError);
  });

  it('knows a precertificate', () => {
    expect(
      isPrecertificate(
        make('P', { issuer: root, extensions: [extension('1.3.6.1.4.1.11129.2.4.3', derNull(), true)] }).certificate,
      ),
    ).toBe(true);
    expect(isPrecertificate(leaf)).toBe(false);
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { derElement, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import type { PeerVerifier, PresentedPeer, Verdict } from '../../src/handshake/peer.ts';
import {
  allOf,
  allowedKeys,
  certificateVerifier,
  credentialHolder,
  customVerifier,
  daneVerifier,
  type FetchRequest,
  memoryKnownPeers,
  pinnedVerifier,
  type TlsaRecord,
  trustOnFirstUse,
  writePem,
} from '../../src/pki/index.ts';
import { clientCredential, noble, rootsVerifier, serverCredential } from '../support/credentials.ts';
import { makePair, run } from '../support/pair.ts';
import { ascii, caExtensions, DAY, extension, make, NOW } from './revocation-maker.ts';

/** Verifiers that stand alone, and those that stand before others. */

const dns = (name: string): Uint8Array => extension('2.5.29.17', derSequence(derElement(0x82, ascii(name))));
const root = make('Root', { extensions: caExtensions() });
const intermediate = make('Intermediate', { issuer: root, extensions: caExtensions() });
const leaf = make('Leaf', { issuer: intermediate, extensions: [dns('a.example')] });
const stranger = make('Stranger', { extensions: [dns('a.example')] });

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const keyPin = (made: { spki: Uint8Array }): string => `sha256/${sha256(made.spki).toString('base64')}`;

const peer = (
  chain: readonly { certificate: { der: Uint8Array } }[],
  more: Partial<PresentedPeer> = {},
): PresentedPeer => ({
  role: 'client',
  chain: chain.map(({ certificate }) => certificate.der),
  serverName: 'a.example',
  ocspResponses: chain.map(() => undefined),
  sctLists: chain.map(() => undefined),
  certificateSchemes: noble.signatures.map(({ id }) => id),
  keyUse: 'digitalSignature',
  now: NOW,
  ...more,
});
const shown = peer([leaf, intermediate]);
const path = certificateVerifier({ anchors: [root.certificate.der], signatures: noble.verifier });
const code = (verdict: Verdict): string => (verdict.ok ? 'yes' : verdict.failure.code);
const yes: PeerVerifier = {
  verify: () => ({ ok: true, publicKey: leaf.spki, path: [leaf.certificate.der], checks: ['x'] }),
};

describe('pins', () => {
  it.each([
    ['sha256/ and base64', keyPin(leaf)],
    ['hexadecimal', sha256(leaf.spki).toString('hex')],
    ['hexadecimal with colons, upper case', sha256(leaf.spki).toString('hex').toUpperCase().replace(/..\B/g, '$&:')],
    ['bytes', new Uint8Array(sha256(leaf.spki))],
  ])('of a key, as %s', async (_name, pin) => {
    const verifier = pinnedVerifier({ crypto: noble, keys: [keyPin(stranger), pin] });
    expect(code(await verifier.verify(shown))).toBe('yes');
    expect(code(await verifier.verify(peer([intermediate])))).toBe('CERT_PIN_MISMATCH');
  });

  it('of a certificate', async () => {
    const verifier = pinnedVerifier({ crypto: noble, certificates: [sha256(leaf.certificate.der).toString('hex')] });
    expect(code(await verifier.verify(shown))).toBe('yes');
    const renewed = make('Leaf', { issuer: intermediate, serial: 99, extensions: [dns('a.example')] });
    expect(code(await verifier.verify(peer([renewed])))).toBe('CERT_PIN_MISMATCH');
  });

  it('alone look at nothing but the leaf', async () => {
    const verifier = pinnedVerifier({ crypto: noble, keys: [keyPin(intermediate)] });
    expect(code(await verifier.verify(shown))).toBe('CERT_PIN_MISMATCH');
    const own = pinnedVerifier({ crypto: noble, keys: [keyPin(leaf)] });
    expect(code(await own.verify({ ...shown, serverName: 'b.example', now: NOW + 40_000 * DAY }))).toBe('yes');
  });

  it('behind a path count anywhere in the path, and only there', async () => {
    const verifier = pinnedVerifier({ crypto: noble, keys: [keyPin(root)], verifier: path });
    expect(code(await verifier.verify(shown))).toBe('yes');
    expect(code(await verifier.verify({ ...shown, serverName: 'b.example' }))).toBe('CERT_NAME_MISMATCH');
    // A certificate that was sent along, but that the path does not go through.
    const smuggled = pinnedVerifier({ crypto: noble, keys: [keyPin(stranger)], verifier: path });
    expect(code(await smuggled.verify(peer([leaf, intermediate, stranger])))).toBe('CERT_PIN_MISMATCH');
  });

  it('say what was expected and found', async () => {
    const verdict = await pinnedVerifier({ crypto: noble, keys: [keyPin(stranger)] }).verify(shown);
    expect(verdict.ok ? '' : verdict.failure.message).toContain(`found ${keyPin(leaf)}`);
  });

  it.each(['', 'sha256/', 'sha1/AAAA', 'zz'.repeat(32), '00'.repeat(31), `sha256/${'A'.repeat(44)}`])(
    'that cannot be are an error of their author: %j',
    (pin) => {
      expect(() => pinnedVerifier({ crypto: noble, keys: [pin] })).toThrow(/ERR_OPTION/);
    },
  );

  it('of which there are none are an error too', () => {
    expect(() => pinnedVerifier({ crypto: noble })).toThrow(/ERR_OPTION/);
    expect(() => pinnedVerifier({ crypto: noble, keys: [new Uint8Array(31)] })).toThrow(/ERR_OPTION/);
  });
});

describe('allowed keys', () => {
  it('are taken whole, as DER and as PEM', async () => {
    for (const key of [leaf.spki, writePem('PUBLIC KEY', leaf.spki)]) {
      const verifier = allowedKeys([stranger.spki, key]);
      expect(code(await verifier.verify(shown))).toBe('yes');
      expect(code(await verifier.verify(peer([intermediate])))).toBe('CERT_PIN_MISMATCH');
    }
    expect(() => allowedKeys([])).toThrow(/ERR_OPTION/);
    expect(() => allowedKeys(['no PEM'])).toThrow(/ERR_KEY/);
  });
});

describe('trust on first use', () => {
  it('believes the first key of a name, and from then on only that', async () => {
    const store = memoryKnownPeers();
    const verifier = trustOnFirstUse({ crypto: noble, store });
    expect(code(await verifier.verify(shown))).toBe('yes');
    expect(code(await verifier.verify(shown))).toBe('yes');
    const other = await verifier.verify(peer([stranger], { now: NOW + DAY }));
    expect(code(other)).toBe('CERT_PIN_MISMATCH');
    expect(other.ok ? '' : other.failure.message).toContain(`expected ${keyPin(leaf)}, known since 2026-06-15`);
    expect(code(await verifier.verify(peer([stranger], { serverName: 'b.example' })))).toBe('yes');
  });

  it('asks first where it is told to', async () => {
    const asked: string[] = [];
    const ask = async (name: string, fingerprint: string): Promise<boolean> => {
      asked.push(`${name} ${fingerprint}`);
      return asked.length > 1;
    };
    const verifier = trustOnFirstUse({ crypto: noble, store: memoryKnownPeers(), ask });
    expect(code(await verifier.verify(shown))).toBe('CERT_REFUSED');
    expect(code(await verifier.verify(shown))).toBe('yes');
    expect(asked).toEqual([`a.example ${keyPin(leaf)}`, `a.example ${keyPin(leaf)}`]);
  });

  it('lets only one of two first times win', async () => {
    const verifier = trustOnFirstUse({
      crypto: noble,
      store: memoryKnownPeers(),
      ask: () => new Promise((resolve) => setTimeout(() => resolve(true), 5)),
    });
    const verdicts = await Promise.all([verifier.verify(shown), verifier.verify(peer([stranger]))]);
    expect(verdicts.map(code).sort()).toEqual(['CERT_PIN_MISMATCH', 'yes']);
  });

  it('needs a name, and a server has to say which', async () => {
    const asServer = { ...shown, role: 'server' } as const;
    expect(code(await trustOnFirstUse({ crypto: noble, store: memoryKnownPeers() }).verify(asServer))).toBe(
      'CERT_NO_NAME',
    );
    const named = trustOnFirstUse({ crypto: noble, store: memoryKnownPeers(), nameOf: () => 'device 7' });
    expect(code(await named.verify(asServer))).toBe('yes');
  });

  it('does not forget whom it knows when there are too many', async () => {
    const verifier = trustOnFirstUse({ crypto: noble, store: memoryKnownPeers(1) });
    expect(code(await verifier.verify(shown))).toBe('yes');
    expect(() => verifier.verify(peer([stranger], { serverName: 'b.example' }))).toThrow(/ERR_LIMIT/);
    expect(code(await verifier.verify(peer([stranger])))).toBe('CERT_PIN_MISMATCH');
  });
});

describe('all of several', () => {
  it('say yes together', async () => {
    const verdict = await allOf(path, pinnedVerifier({ crypto: noble, keys: [keyPin(leaf)] })).verify(shown);
    expect(code(verdict)).toBe('yes');
    expect(verdict.ok && verdict.checks!.length).toBeGreaterThan(3);
    expect(verdict.ok && verdict.path.length).toBe(3);
  });

  it('say no when one does, and the others are not asked', async () => {
    let asked = 0;
    const counting: PeerVerifier = {
      verify: (one) => {
        asked++;
        return yes.verify(one);
      },
    };
    const verdict = await allOf(pinnedVerifier({ crypto: noble, keys: [keyPin(root)] }), counting).verify(shown);
    expect([code(verdict), asked]).toEqual(['CERT_PIN_MISMATCH', 0]);
    expect(code(await allOf(counting, path).verify({ ...shown, serverName: 'b.example' }))).toBe('CERT_NAME_MISMATCH');
  });

  it('have to mean the same key', async () => {
    const other: PeerVerifier = { verify: () => ({ ok: true, publicKey: root.spki, path: [] }) };
    expect(code(await allOf(yes, other).verify(shown))).toBe('CERT_REFUSED');
  });

  it.each([undefined, null, true, {}, { ok: 'yes' }, { ok: true }, { ok: false }])(
    'take %j for no answer, and that for no',
    (answer) => {
      const odd = { verify: () => answer } as unknown as PeerVerifier;
      expect(() => allOf(yes, odd).verify(shown)).toThrow(/ERR_VERIFIER_FAILED/);
      expect(() => customVerifier(odd, (_, verdict) => verdict).verify(shown)).toThrow(/ERR_VERIFIER_FAILED/);
      expect(() => customVerifier(yes, () => answer as unknown as Verdict).verify(shown)).toThrow(
        /ERR_VERIFIER_FAILED/,
      );
    },
  );

  it('of no certificate are an error', () => {
    expect(() => allOf()).toThrow(/ERR_OPTION/);
  });
});

describe('a function of the program', () => {
  it('sees the verdict, and may replace it', async () => {
    const forgiving = customVerifier(path, (_, verdict) =>
      !verdict.ok && verdict.failure.code === 'CERT_EXPIRED'
        ? { ok: true, publicKey: verdict.publicKey!, path: [] }
        : verdict,
    );
    expect(code(await forgiving.verify({ ...shown, now: NOW + 4000 * DAY }))).toBe('yes');
    expect(code(await forgiving.verify({ ...shown, serverName: 'b.example' }))).toBe('CERT_NAME_MISMATCH');
    const stern = customVerifier(path, () => ({
      ok: false,
      failure: { code: 'CERT_REFUSED', message: 'not today', alert: 42 },
    }));
    expect(code(await stern.verify(shown))).toBe('CERT_REFUSED');
  });
});

describe('DANE', () => {
  const digest = (bytes: Uint8Array, size: 256 | 512 = 256): Uint8Array =>
    new Uint8Array(createHash(`sha${size}`).update(bytes).digest());
  const tlsa = (usage: number, selector: number, matchingType: number, data: Uint8Array): TlsaRecord => ({
    usage,
    selector,
    matchingType,
    data,
  });
  const judge = async (
    records: readonly TlsaRecord[],
    more: Partial<Parameters<typeof daneVerifier>[0]> = {},
    about: PresentedPeer = shown,
    authentic = true,
  ): Promise<string> =>
    code(
      await daneVerifier({ crypto: noble, records: () => ({ records, authentic }), pkix: path, ...more }).verify(about),
    );

  const certificate = leaf.certificate.der;
  it.each([
    ['3 1 1', [tlsa(3, 1, 1, digest(leaf.spki))]],
    ['3 1 2', [tlsa(3, 1, 2, digest(leaf.spki, 512))]],
    ['3 0 1', [tlsa(3, 0, 1, digest(certificate))]],
    ['3 1 0', [tlsa(3, 1, 0, leaf.spki)]],
    ['3 0 0', [tlsa(3, 0, 0, certificate)]],
    ['2 0 1, the intermediate that was sent', [tlsa(2, 0, 1, digest(intermediate.certificate.der))]],
    ['2 1 1, its key', [tlsa(2, 1, 1, digest(intermediate.spki))]],
    ['2 0 0, a root that was not sent', [tlsa(2, 0, 0, root.certificate.der)]],
    ['1 1 1', [tlsa(1, 1, 1, digest(leaf.spki))]],
    ['0 1 1, the root of the path', [tlsa(0, 1, 1, digest(root.spki))]],
    ['one that does not fit and one that does', [tlsa(3, 1, 1, digest(root.spki)), tlsa(3, 1, 1, digest(leaf.spki))]],
    ['one that is not understood beside', [tlsa(9, 1, 1, digest(leaf.spki)), tlsa(3, 1, 1, digest(leaf.spki))]],
  ])('%s: taken', async (_name, records) => {
    expect(await judge(records)).toBe('yes');
  });

  it.each([
    ['another key', [tlsa(3, 1, 1, digest(root.spki))], 'CERT_PIN_MISMATCH'],
    ['DANE-EE does not speak of authorities', [tlsa(3, 1, 1, digest(intermediate.spki))], 'CERT_PIN_MISMATCH'],
    ['DANE-TA does not speak of the leaf', [tlsa(2, 1, 1, digest(leaf.spki))], 'CERT_PIN_MISMATCH'],
    ['PKIX-TA does not speak of the leaf', [tlsa(0, 1, 1, digest(leaf.spki))], 'CERT_PIN_MISMATCH'],
    [
      'of two digests of the same the stronger counts',
      [tlsa(3, 1, 1, digest(leaf.spki)), tlsa(3, 1, 2, digest(root.spki, 512))],
      'CERT_PIN_MISMATCH',
    ],
    ['a digest of a wrong length', [tlsa(3, 1, 1, digest(leaf.spki).slice(1))], 'CERT_UNTRUSTED'],
    ['none at all', [], 'CERT_UNTRUSTED'],
  ])('%s: refused', async (_name, records, expected) => {
    expect(await judge(records)).toBe(expected);
  });

  it('DANE-EE asks for no name and no date, the others do', async () => {
    const odd = { ...shown, serverName: 'b.example' };
    expect(await judge([tlsa(3, 1, 1, digest(leaf.spki))], {}, odd)).toBe('yes');
    expect(await judge([tlsa(2, 1, 1, digest(intermediate.spki))], {}, odd)).toBe('CERT_NAME_MISMATCH');
    expect(await judge([tlsa(1, 1, 1, digest(leaf.spki))], {}, odd)).toBe('CERT_NAME_MISMATCH');
  });

  it('records that DNSSEC does not vouch for are nothing, and then the fallback is asked', async () => {
    const records = [tlsa(3, 1, 1, digest(leaf.spki))];
    expect(await judge(records, {}, shown, false)).toBe('CERT_UNTRUSTED');
    expect(await judge(records, { fallback: path }, shown, false)).toBe('yes');
    expect(await judge([], { fallback: path })).toBe('yes');
    expect(await judge([tlsa(1, 1, 1, digest(leaf.spki))], { pkix: undefined as never })).toBe('CERT_UNTRUSTED');
  });
});

describe('issuers that are fetched', () => {
  const aia = (uri: string): Uint8Array =>
    extension(
      '1.3.6.1.5.5.7.1.1',
      derSequence(derSequence(derOid('1.3.6.1.5.5.7.48.2'), derElement(0x86, ascii(uri)))),
    );
  const lonely = make('Lonely', {
    issuer: intermediate,
    extensions: [dns('a.example'), aia('http://ca.example/i.cer')],
  });
  const asked: FetchRequest[] = [];
  const verifier = (answer: Uint8Array | undefined) =>
    certificateVerifier({
      anchors: [root.certificate.der],
      signatures: noble.verifier,
      fetchIssuers: async (request) => {
        asked.push(request);
        return answer;
      },
    });

  it('complete a path that the peer sent half of', async () => {
    asked.length = 0;
    expect(code(await verifier(intermediate.certificate.der).verify(peer([lonely])))).toBe('yes');
    expect(asked.map(({ kind, uri }) => [kind, uri])).toEqual([['issuer', 'http://ca.example/i.cer']]);
  });

  it('are not asked for when they are not needed', async () => {
    asked.length = 0;
    expect(code(await verifier(undefined).verify(peer([lonely, intermediate])))).toBe('yes');
    expect(asked).toEqual([]);
  });

  it('do not help when they are of another, or not to be had', async () => {
    for (const answer of [stranger.certificate.der, Uint8Array.of(1, 2, 3), undefined])
      expect(code(await verifier(answer).verify(peer([lonely])))).toBe('CERT_MISSING_INTERMEDIATE');
  });

  it('are off by default, and the refusal says where they are', async () => {
    const verdict = await path.verify(peer([lonely]));
    expect(code(verdict)).toBe('CERT_MISSING_INTERMEDIATE');
    expect(verdict.ok ? '' : verdict.failure.message).toContain('which is at http://ca.example/i.cer');
  });
});

describe('changes while in use', () => {
  it('a verifier gets other anchors, and keeps its own when the new ones are no good', async () => {
    const verifier = certificateVerifier({ anchors: [stranger.certificate.der], signatures: noble.verifier });
    expect(code(await verifier.verify(shown))).not.toBe('yes');
    verifier.update({ anchors: [root.certificate.der] });
    expect(code(await verifier.verify(shown))).toBe('yes');
    expect(() => verifier.update({ anchors: ['nonsense'] })).toThrow();
    expect(() => verifier.update({ anchors: 5 as never })).toThrow(/ERR_OPTION/);
    expect(code(await verifier.verify(shown))).toBe('yes');
  });

  it('a server shows another certificate from the next handshake on', async () => {
    const holder = credentialHolder(await serverCredential('ecdsa-p256'));
    const shows = (): string | undefined => {
      const pair = makePair({ crypto: noble, verifier: rootsVerifier }, { crypto: noble, credential: holder.resolver });
      run(pair);
      return pair.client.info.peerSignatureScheme?.name;
    };
    expect(shows()).toBe('ecdsa_secp256r1_sha256');
    holder.update(await serverCredential('ed25519'));
    expect(shows()).toBe('ed25519');
    expect(() => holder.update([])).toThrow(/ERR_OPTION/);
    expect(shows()).toBe('ed25519');
  });
});

describe('in a handshake', () => {
  it('pins, first use, DANE and all of them together', async () => {
    const credential = await serverCredential('ecdsa-p256');
    const [der] = credential.chain;
    const pin = sha256(der!).toString('hex');
    const record = { usage: 3, selector: 0, matchingType: 1, data: new Uint8Array(sha256(der!)) };
    const verifiers: Record<string, PeerVerifier> = {
      pins: pinnedVerifier({ crypto: noble, certificates: [pin] }),
      'first use': trustOnFirstUse({ crypto: noble, store: memoryKnownPeers() }),
      DANE: daneVerifier({ crypto: noble, records: () => ({ authentic: true, records: [record] }) }),
      path: rootsVerifier,
    };
    verifiers.all = allOf(...Object.values(verifiers));
    for (const [name, verifier] of Object.entries(verifiers)) {
      const pair = makePair({ crypto: noble, verifier }, { crypto: noble, credential });
      run(pair);
      expect([name, pair.client.status, pair.server.status]).toEqual([name, 'open', 'open']);
    }
    const other = await clientCredential('ecdsa-p256');
    for (const [name, verifier] of Object.entries(verifiers)) {
      const pair = makePair({ crypto: noble, verifier }, { crypto: noble, credential: other });
      const { client } = run(pair);
      expect([name, pair.client.status]).toEqual([name, 'failed']);
      expect(client.find((step) => step.type === 'failed')).toMatchObject({ error: { code: 'ERR_PEER_REFUSED' } });
    }
  });
});

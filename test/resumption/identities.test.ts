import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { type PeerInfo, startInfo } from '../../src/handshake/context.ts';
import type { PeerVerifier } from '../../src/handshake/peer.ts';
import type { ClientSession } from '../../src/handshake/session.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import {
  allOf,
  allowedKeys,
  certificateVerifier,
  customVerifier,
  daneVerifier,
  pinnedVerifier,
  trustOnFirstUse,
  memoryKnownPeers,
} from '../../src/pki/index.ts';
import { identitiesOf } from '../../src/pki/path/details.ts';
import { readCertificate } from '../../src/pki/x509/certificate.ts';
import { clientCredential, noble, serverCredential } from '../support/credentials.ts';
import type { ClientParts, Pair, ServerParts } from '../support/pair.ts';
import { chainOf, clientEntry, type Entry, serverEntry, trustedRoots } from '../support/pki.ts';
import { ends } from '../support/sessions.ts';

/** Who the peer is, is known in a resumed connection as it was in the first: read anew from the certificates. */

const VERSIONS = [
  ['TLS 1.3', client13, server13],
  ['TLS 1.2', client12, server12],
] as const;
const signatures = noble.verifier;
const anchored = (): PeerVerifier => certificateVerifier({ anchors: trustedRoots(), signatures });
const leafOf = (entry: Entry): ReturnType<typeof readCertificate> => readCertificate(chainOf(entry)[0]!);
const pinOf = (bytes: Uint8Array): string => `sha256/${createHash('sha256').update(bytes).digest('base64')}`;
const everyone = [serverEntry(), clientEntry()].map(leafOf);
const keys = everyone.map(({ spki }) => pinOf(spki));
const certificates = everyone.map(({ der }) => createHash('sha256').update(der).digest('hex'));

/** What resumes by itself, and what is asked again; `verified`: do the names mean anything? */
const VERIFIERS: readonly (readonly [string, verified: boolean, () => PeerVerifier])[] = [
  ['a path', true, anchored],
  ['pins before a path', true, () => pinnedVerifier({ crypto: noble, keys, verifier: anchored() })],
  ['pins of certificates', true, () => pinnedVerifier({ crypto: noble, certificates })],
  ['pins of keys', false, () => pinnedVerifier({ crypto: noble, keys })],
  ['allowed keys', false, () => allowedKeys(everyone.map(({ spki }) => spki))],
  ['a path and pins', true, () => allOf(anchored(), pinnedVerifier({ crypto: noble, keys }))],
  ['pins and a path', true, () => allOf(pinnedVerifier({ crypto: noble, keys }), anchored())],
];
/** Those that have no name for their rules, and so have to be the same object to resume. */
const NAMELESS: typeof VERIFIERS = [
  ['a function of the program', true, () => customVerifier(anchored(), (_, verdict) => verdict)],
  ['first use', false, () => trustOnFirstUse({ crypto: noble, store: memoryKnownPeers(), nameOf: ({ role }) => role })],
];

async function parts(verifier: PeerVerifier): Promise<{ readonly client: ClientParts; readonly server: ServerParts }> {
  return {
    client: { crypto: noble, serverName: 'server.example', verifier, credential: await clientCredential() },
    server: { crypto: noble, verifier, credential: await serverCredential(), clientAuth: 'require' },
  };
}

describe.each(VERSIONS)('%s: identities in a resumed connection', (_, client, server) => {
  it.each([...VERIFIERS, ...NAMELESS])(
    'with %s are those of the first, on both sides',
    async (_name, verified, make) => {
      const { client: mine, server: theirs } = await parts(make());
      const { connect } = ends({ ...mine, protocols: [client] }, { ...theirs, protocols: [server] });
      const first = connect();
      const second = connect();
      expect([first.client.info.resumed, second.client.info.resumed]).toEqual([false, true]);
      expect([first.server.info.resumed, second.server.info.resumed]).toEqual([false, true]);
      expectNames(second, verified);
      expectNames(first, verified);
      for (const side of ['client', 'server'] as const)
        expect(detailsOf(second[side].info.peer)).toEqual(detailsOf(first[side].info.peer));
    },
  );

  it('with DANE are those that the zone speaks of', async () => {
    const leaf = leafOf(serverEntry());
    const record = { usage: 3, selector: 0, matchingType: 0, data: leaf.der } as const;
    const verifier = daneVerifier({ crypto: noble, records: () => ({ authentic: true, records: [record] }) });
    const { client: mine, server: theirs } = await parts(anchored());
    const { connect } = ends({ ...mine, verifier, protocols: [client] }, { ...theirs, protocols: [server] });
    connect();
    const second = connect();
    expect(second.client.info.resumed).toBe(true);
    expect(second.client.info.peer?.identities).toMatchObject({ verified: true, dns: names(serverEntry()) });
  });

  it('do not come from the store, which may have forgotten them or tell something else', async () => {
    const kept: ClientSession[] = [];
    const sessions = {
      put: (_key: string, session: ClientSession) => {
        const { details: _details, ...verdict } = session.peer.verdict;
        kept.push({ ...session, peer: { ...session.peer, verdict } });
      },
      take: () => kept.pop(),
    };
    const { client: mine, server: theirs } = await parts(anchored());
    const { connect } = ends({ ...mine, sessions, protocols: [client] }, { ...theirs, protocols: [server] });
    connect();
    const second = connect();
    expect(second.client.info.resumed).toBe(true);
    expectNames(second, true);
  });
});

describe('what is known of a connection', () => {
  it('has every field in the event, whether there is anything or not', async () => {
    const { client: mine, server: theirs } = await parts(anchored());
    const { connect } = ends(mine, { ...theirs, clientAuth: 'none' });
    const { client, server } = connect();
    for (const { info } of [client, server]) {
      expect(Object.keys(info).sort()).toEqual(FIELDS);
      expect(info).toMatchObject({ resumed: false, retried: false, truncated: false, certificateRequested: false });
    }
    expect(server.info.peer).toBeUndefined();
    expect(server.info.psk).toBeUndefined();
  });

  it('has every field before there is anything, too', () => {
    const { info } = ends().client();
    expect(Object.keys(info).sort()).toEqual(FIELDS);
    expect(Object.values(info).every((value) => value === undefined)).toBe(true);
  });
});

/** The compiler demands all of them there. */
const FIELDS = Object.keys(startInfo()).sort();

function expectNames({ client, server }: Pair, verified: boolean): void {
  expect(client.info.peer?.identities).toMatchObject({ verified, dns: names(serverEntry()) });
  expect(server.info.peer?.identities).toMatchObject({ verified });
  expect(server.info.peer?.identities?.subject).not.toBe(client.info.peer?.identities?.subject);
}

const names = (entry: Entry): readonly string[] => identitiesOf(leafOf(entry)).dns;

function detailsOf(peer: PeerInfo | undefined): unknown {
  return peer?.verdict.ok ? peer.verdict.details : undefined;
}

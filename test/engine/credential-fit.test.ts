import { describe, expect, it } from 'vitest';
import type { SignatureScheme } from '../../src/crypto/types.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { bestCredential, servesName, whyNone } from '../../src/handshake/authentication/credential-fit.ts';
import type { Credential, CredentialHints, CredentialQuery } from '../../src/handshake/peer.ts';
import { credentialHolder } from '../../src/pki/credentials/credential-holder.ts';
import { noble, serverCredential } from '../support/credentials.ts';
import { makeClient, makeServer, run } from '../support/pair.ts';
import { toyCredential, toyVerifier } from '../support/toy.ts';

/** Of several credentials the one that fits best what the peer asks for; and why none of them, where none will do. */

const NONE: CredentialHints = { names: [], issuers: [], signatures: [] };
const named = (...names: string[]): Credential => ({ ...toyCredential, hints: { ...NONE, names } });
const ours: readonly SignatureScheme[] = noble.signatures;
const query = (more: Partial<CredentialQuery> = {}): CredentialQuery => ({
  role: 'server',
  version: 0x0304,
  serverName: undefined,
  alpn: [],
  schemes: [0x0807],
  certificateSchemes: [],
  authorities: [],
  oidFilters: [],
  ...more,
});
const best = (credentials: readonly Credential[], more: Partial<CredentialQuery>): number =>
  credentials.indexOf(bestCredential(credentials, query(more), ours)!);

describe('a name of a certificate', () => {
  it.each([
    ['host.example', 'host.example', true],
    ['Host.EXAMPLE', 'hOst.example', true],
    ['host.example', 'host.example.', true],
    ['*.example', 'host.example', true],
    ['*.EXAMPLE', 'Host.example', true],
    ['*.example', 'a.host.example', false],
    ['*.example', 'example', false],
    ['*.example', '.example', false],
    ['h*.example', 'host.example', false],
    ['host.example', 'other.example', false],
    ['*', 'host', false],
  ])('%s serves %s: %s', (pattern, host, serves) => {
    expect(servesName(pattern, host)).toBe(serves);
  });
});

describe('of several credentials', () => {
  const [one, two, wild, unknown] = [
    named('one.example'),
    named('TWO.example'),
    named('*.three.example'),
    toyCredential,
  ];
  const all = [one, two, wild, unknown];

  it.each([
    ['one.example', 0],
    ['two.example', 1],
    ['Two.Example', 1],
    ['a.three.example', 2],
    ['a.b.three.example', 3],
    ['elsewhere.example', 3],
    [undefined, 0],
  ] as const)(
    'the one for the name %s is shown, or one of which nothing is known, or the first',
    (serverName, index) => {
      for (const version of [0x0304, 0x0303] as const) expect(best(all, { serverName, version })).toBe(index);
      expect(best([one, two], { serverName: 'elsewhere.example' }), 'a wrong one rather than none').toBe(0);
    },
  );

  it('the one whose issuer the peer names is shown, by a client and by a server', () => {
    const from = (...issuers: number[]): Credential => ({
      ...toyCredential,
      hints: { ...NONE, issuers: issuers.map((byte) => Uint8Array.of(byte)) },
    });
    const both = [from(1), from(2, 3)];
    for (const role of ['client', 'server'] as const) {
      expect(best(both, { role, authorities: [Uint8Array.of(3)] })).toBe(1);
      expect(best(both, { role, authorities: [Uint8Array.of(9), Uint8Array.of(1)] })).toBe(0);
      expect(best(both, { role, authorities: [Uint8Array.of(9)] })).toBe(0);
      expect(best(both, { role })).toBe(0);
    }
    expect(
      best([named('server.example'), from(2)], {
        role: 'client',
        serverName: 'server.example',
        authorities: [Uint8Array.of(2)],
      }),
    ).toBe(1);
  });

  it('the one whose certificates the peer can verify is shown (signature_algorithms_cert)', () => {
    const signed = (...signatures: number[][]): Credential => ({ ...toyCredential, hints: { ...NONE, signatures } });
    const both = [signed([0x0401], [0x0401]), signed([0x0403], [0x0503])];
    expect(best(both, { certificateSchemes: [0x0403, 0x0503] })).toBe(1);
    expect(best(both, { certificateSchemes: [0x0403] }), 'not all of its chain').toBe(0);
    expect(best(both, { certificateSchemes: [0x0401] })).toBe(0);
    // The name counts for more.
    expect(
      best([named('host.example'), both[1]!], { serverName: 'host.example', certificateSchemes: [0x0403, 0x0503] }),
    ).toBe(0);
  });

  it('none that cannot sign what the peer takes, whatever its name', () => {
    expect(best([named('host.example')], { serverName: 'host.example', schemes: [0x0804] })).toBe(-1);
    expect(best([named('host.example')], { version: 0x0303, certificateTypes: [1] })).toBe(-1);
    expect(best([named('host.example')], { version: 0x0303, certificateTypes: [1, 64] })).toBe(0);
  });

  it('what is loaded from files brings what is needed for that', async () => {
    const [ec, rsa] = [await serverCredential('ecdsa-p256'), await serverCredential('rsa-2048')];
    expect(ec.hints?.names).toContain('server.example');
    expect(ec.hints?.issuers.length).toBe(ec.chain.length);
    expect(ec.hints?.signatures.flat()).toContain(0x0403);
    const { resolver } = credentialHolder([rsa, ec]);
    const asked = query({ schemes: [0x0403, 0x0804], certificateSchemes: [0x0403] });
    expect(await resolver({ ...asked, serverName: 'server.example' })).toBe(ec);
    expect(await resolver({ ...asked, schemes: [0x0804] })).toBe(rsa);
  });
});

describe('where none will do', () => {
  it('it is said what was asked for, and for each why not', () => {
    const text = whyNone(
      [named('host.example'), toyCredential],
      query({ schemes: [0x0804, 0x9999], authorities: [Uint8Array.of(1)] }),
      ours,
    );
    expect(text).toBe(
      'the peer asked for signatures rsa_pss_rsae_sha256, 0x9999, an issuer among 1 that it names; ' +
        'credential 1 ("host.example"): its key (ed25519) signs with ed25519; ' +
        'credential 2: its key (ed25519) signs with ed25519',
    );
    expect(whyNone([toyCredential], query({ version: 0x0303, certificateTypes: [1] }), ours)).toContain('of type 64');
    expect(whyNone([], query(), ours)).toContain('there is no credential');
  });
});

const VERSIONS = [
  ['1.3', [client13], [server13]],
  ['1.2', [client12], [server12]],
] as const;

describe.each(VERSIONS)('a client of TLS %s', (_, clients, servers) => {
  /** A server that asks, and takes no signature that the client's key can make. */
  const asking = {
    protocols: servers,
    clientAuth: 'require',
    verifier: toyVerifier,
  } as const;

  it.each([
    [
      'a credential that does not suit',
      credentialHolder(noSigner()).resolver,
      /the peer asked for signatures ed25519.*credential 1: its key/,
    ],
    ['a function that gives none', () => undefined, /the function that chooses gave none/],
    ['none', undefined, /there is no credential/],
  ] as const)('with %s says so in the trace, in the information and in the error', (_what, credential, reason) => {
    const notes: string[] = [];
    const client = makeClient({
      protocols: clients,
      ...(credential !== undefined && { credential }),
      onTrace: (event) => {
        if (event.type === 'note') notes.push(event.text);
      },
    });
    const steps = run({ client, server: makeServer(asking) });
    expect(client.info.noCredential).toMatch(reason);
    expect(notes.filter((text) => text.startsWith('no certificate is shown'))).toHaveLength(1);
    const failed = steps.client.find((step) => step.type === 'failed')!;
    expect(failed.error.code).toBe('ERR_ALERT_RECEIVED');
    expect(failed.error.message).toMatch(/we showed no certificate: /);
    expect(failed.error.message).toMatch(reason);
  });

  it('with one that suits says nothing of the kind', () => {
    const client = makeClient({ protocols: clients, credential: credentialHolder(toyCredential).resolver });
    const { server } = { server: makeServer(asking) };
    run({ client, server });
    expect([client.status, client.info.noCredential]).toEqual(['open', undefined]);
    expect(client.info.ownCertificate).toEqual(toyCredential.chain[0]);
  });

  it('and a server that has nothing for a client says what was asked for', () => {
    const server = makeServer({ protocols: servers, credential: credentialHolder(noSigner()).resolver });
    const steps = run({ client: makeClient({ protocols: clients }), server });
    const failed = steps.server.find((step) => step.type === 'failed')!;
    expect(failed.error.message).toMatch(
      /ERR_NO_CREDENTIAL.*"server\.example"; the peer asked for signatures .*credential 1: its key/,
    );
  });
});

/** Its key makes signatures that the others here do not know. */
function noSigner(): Credential {
  return { ...toyCredential, signer: { ...toyCredential.signer, schemes: [0x0804] } };
}

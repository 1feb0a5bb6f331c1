import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.ts';
import { clientConfig, serverConfig } from '../../src/engine/config/index.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { noble, rootsVerifier, serverCredential } from '../support/credentials.ts';
import { drain, written } from '../support/pair.ts';

/** Key shares in another order than supported_groups: wrong of the client (RFC 9846 section 4.3.8), and met with. */

const X25519 = 0x001d;
const SECP256R1 = 0x0017;
const SECP384R1 = 0x0018;

describe('key shares', () => {
  it('in the order of supported_groups', async () => {
    expect(await refusal((shares) => shares)).toBeUndefined();
  });

  it('in another order: the connection continues', async () => {
    expect(await refusal(([first, second]) => [second!, first!])).toBeUndefined();
  });

  it('for a group that is not offered', async () => {
    const other = ([first, second]: Buffer[]): Buffer[] => {
      const changed = Buffer.from(second!);
      changed.writeUInt16BE(SECP384R1);
      return [first!, changed];
    };
    expect(await refusal(other)).toBe('ERR_KEY_SHARE_ORDER');
  });

  it('two for the same group', async () => {
    const twice = ([first, second]: Buffer[]): Buffer[] => {
      const changed = Buffer.from(second!);
      changed.writeUInt16BE(X25519);
      return [first!, changed];
    };
    expect(await refusal(twice)).toBe('ERR_KEY_SHARE_ORDER');
  });
});

/** The code with which the server refuses a ClientHello whose two shares were changed; undefined: it continues. */
async function refusal(change: (shares: Buffer[]) => Buffer[]): Promise<string | undefined> {
  const groups = ['X25519', 'secp256r1'];
  const client = new Engine(
    clientConfig({
      protocols: [client13],
      crypto: noble,
      verifier: rootsVerifier,
      groups,
      keyShares: groups,
      grease: false,
    }),
  );
  const server = new Engine(
    serverConfig({ protocols: [server13], crypto: noble, credential: await serverCredential() }),
  );
  client.start();
  server.start();
  const hello = Buffer.concat(written(drain(client)));
  const first = share(hello, X25519, 32);
  const second = share(hello, SECP256R1, 65);
  const at = hello.indexOf(first);
  expect(hello.indexOf(second)).toBe(at + first.length);
  const after = hello.subarray(at + first.length + second.length);
  server.receive(Buffer.concat([hello.subarray(0, at), ...change([first, second]), after]));
  for (const step of drain(server)) if (step.type === 'failed') return step.error.code;
  return undefined;
}

function share(hello: Buffer, group: number, length: number): Buffer {
  const head = Buffer.from([group >> 8, group & 255, 0, length]);
  const at = hello.indexOf(head);
  expect(at).toBeGreaterThan(0);
  return hello.subarray(at, at + head.length + length);
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { warifu } from '../../scripts/errors/clients.ts';
import { Servers } from '../../scripts/errors/servers.ts';
import { learned, type Situation } from '../../scripts/errors/setting.ts';
import { situations } from '../../scripts/errors/situations.ts';

/** What our errors tell of the situations that `npm run errors` compares: every fact that there is to be learned. */

let servers: Servers;
let all: readonly Situation[];
beforeAll(async () => {
  servers = await Servers.start();
  all = await situations(servers);
});
afterAll(() => servers.close());

const NAMES = [
  'expired',
  'wrong name',
  'self signed',
  'untrusted root',
  'missing intermediate',
  'revoked',
  'no certificate of ours',
  'a wrong certificate of ours',
  'a wrong certificate, and not a word',
  'no common version',
  'no common suite',
  'no common group',
  'no common protocol (ALPN)',
  'not tls',
  'hangs up',
  'reset',
  'nothing there',
  'stalls',
  'wrong password',
  'key of another certificate',
  'rubbish as anchors',
  'weak key',
  'cut off',
];

describe('the text of our error has every fact', () => {
  it.each(NAMES)('%s', async (name) => {
    const { setting, facts } = all.find((one) => one.name === name)!;
    const text = await warifu.meet(setting);
    expect(learned(facts, text), text).toEqual(Object.keys(facts));
    // Its code is said, and said once.
    expect(text!.match(/\bERR_[A-Z_]+/g)).toHaveLength(1);
    expect(text).not.toContain('\n');
  });

  it('there are no others', () => {
    expect(all.map(({ name }) => name)).toEqual(NAMES);
  });

  it('a text without a fact is known to lack it', () => {
    const { facts } = all[0]!;
    expect(learned(facts, 'certificate has expired')).toEqual(['it has expired']);
    expect(learned(facts, undefined)).toEqual([]);
  });
});

describe('who refused, and what of', () => {
  it('a server tells which of its certificates a client does not trust', async () => {
    const { bad } = servers;
    const port = await servers.strict();
    const refused = servers.refusal(port);
    await warifu.meet({ host: '127.0.0.1', port, name: 'server.localhost', anchors: bad.root });
    expect((await refused).message).toMatch(
      /ERR_ALERT_RECEIVED: .*unknown_ca \(48\); we showed a certificate: CN=server\.localhost, issued by CN=Example Root/,
    );
  });
});

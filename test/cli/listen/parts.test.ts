import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { EXAMPLES } from '../../../scripts/listener-page.ts';
import { flagsOf } from '../../../src/cli/listen/config.ts';
import { Gate } from '../../../src/cli/listen/gate.ts';
import { endToEnd, isOurs } from '../../../src/cli/listen/http/headers.ts';
import { isBelow, targetPath } from '../../../src/cli/listen/http/path.ts';
import { accessLog } from '../../../src/cli/listen/log.ts';
import { readPlacedJson } from '../../../src/cli/listen/json.ts';
import { LISTEN_OPTIONS } from '../../../src/cli/listen/options.ts';
import { isWithin, rangeRule, targetRule, whereRule } from '../../../src/cli/listen/places.ts';
import { readPlan } from '../../../src/cli/listen/plan.ts';
import { Pool } from '../../../src/cli/listen/pool.ts';
import { readProxyHeader, writeProxyV1, writeProxyV2 } from '../../../src/cli/listen/proxy-protocol.ts';
import { configSchema } from '../../../src/cli/listen/schema.ts';
import { Snapshot } from '../../../src/cli/listen/snapshot.ts';
import { Folder } from '../../support/programs.ts';

/** The parts of `warifu listen` that need no connection. */

const folder = new Folder();
afterAll(() => folder.remove());

describe('the access log', () => {
  it('is one line that a terminal can show, however much a client says', async () => {
    const log = accessLog(folder.path('access.log'), () => {});
    const texts = Array.from({ length: 5_000 }, (_, index) => `${index}\u009b31m\u202e\n`);
    log.write({ event: 'refused', names: { dns: texts }, path: 'x'.repeat(100_000) });
    await log.close();
    const text = folder.text('access.log');
    expect(text).toMatch(/^[ -~…]{1,6000}\n$/);
    expect(JSON.parse(text)).toMatchObject({
      names: { dns: [...texts.slice(0, 32), 'and 4968 more'] },
      path: `${'x'.repeat(2_000)}… (98000 characters more)`,
    });
  });
});

describe('JSON with places', () => {
  it('reads what JSON.parse reads', () => {
    for (const text of ['{}', '[]', ' {"a": [1, -2.5e3, true, null, "x\\u0041\\n"], "b": {"c": {}}} ', '"x"', '0'])
      expect(readPlacedJson(text, 'f').value).toEqual(JSON.parse(text));
    const { places } = readPlacedJson('{\n  "to": [\n    "a", "b"]}', 'f');
    expect(places.get('to[1]')).toEqual({ line: 3, column: 10 });
  });

  it('says where it is wrong', () => {
    const wrong = (text: string): string => {
      try {
        readPlacedJson(text, 'f.json');
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    expect(wrong('{\n "a": 1,\n}')).toMatch(/^f\.json:3:1: there is a comma, and nothing behind it/);
    expect(wrong('{"a": 1 "b": 2}')).toMatch(/^f\.json:1:9: a comma is expected/);
    expect(wrong('{"a": 1, "a": 2}')).toMatch(/^f\.json:1:10: "a" is there twice/);
    expect(wrong('{"a": 01}')).toMatch(/^f\.json:1:7: a value is expected/);
    expect(wrong('{"a": tru}')).toMatch(/:1:7:/);
    expect(wrong('// no\n{}')).toMatch(/no comments in JSON/);
    expect(wrong('{} x')).toMatch(/:1:4: nothing more/);
    expect(wrong('{"a": "x')).toMatch(/:1:7: a text that does not end/);
    expect(wrong('['.repeat(100))).toMatch(/more than 32 levels/);
    expect(wrong('')).toMatch(/it ends here/);
  });
});

describe('the plan', () => {
  const plan = (config: string): ReturnType<typeof readPlan> => {
    writeFileSync(folder.path('c.json'), config);
    return readPlan({}, folder.path('c.json'), new Snapshot());
  };
  const wrong = (config: string): string => {
    try {
      plan(config);
    } catch (error) {
      return (error as Error).message.replace(/^.*c\.json/, 'c.json');
    }
    return '';
  };

  it('names line, column, what was expected and what was found', () => {
    expect(wrong('{\n  "to": "a:1",\n  "blance": "hash"\n}')).toBe(
      'c.json:3:13: blance: there is no such option; write balance',
    );
    expect(wrong('{"to": ["a:1", "b"]}')).toMatch(/^c\.json:1:16: to\[1\]: expected a server: .*found "b"/);
    expect(wrong('{"to": "a:1", "balance": "random"}')).toMatch(/1:26: balance: expected one of round-robin/);
    expect(wrong('{"to": "a:1", "handshake-timeout": "10 apples"}')).toMatch(/expected a time from 50ms/);
    expect(wrong('{"to": "a:1", "allow": ["dns:x", "who"]}')).toMatch(/1:34: allow\[1\]: expected a rule/);
    expect(wrong('{"to": "a:1", "listeners": []}')).toMatch(/listeners: a list of objects/);
    expect(wrong('{"to": "a:1", "listeners": [{"log": "x"}]}')).toMatch(
      /1:37: listeners\[0\]\.log: it is for the whole/,
    );
    expect(wrong('{"to": "a:1", "names": {"a.example": {"to": "b:1"}}}')).toMatch(
      /names\.(")?a\.example(")?\.to: it is not for one name/,
    );
    expect(wrong('{"to": "a:1", "names": {"A example": {}}}')).toMatch(/a DNS name in lower case/);
  });

  it('takes no option that would do nothing', () => {
    expect(wrong('{}')).toMatch(/^to: it is needed/);
    expect(wrong('{"to": "a:1", "hsts": "1d"}')).toMatch(/hsts: it is for HTTP listeners/);
    expect(wrong('{"to": "a:1", "http": true, "proxy-out": "v2"}')).toMatch(/proxy-out: it is for TCP listeners/);
    expect(wrong('{"to": "a:1", "anchors": "x"}')).toMatch(/anchors: with auth one-way/);
    expect(wrong('{"to": "a:1", "health-path": "/x"}')).toMatch(/health-path: it goes with health: http/);
    expect(wrong('{"to": "a:1", "proxy-from": "10.0.0.0/8"}')).toMatch(/proxy-from: it goes with proxy-in/);
    expect(wrong('{"to": "a:1", "policy": "strict2026", "versions": ["1.2"]}')).toMatch(
      /strict2026 has TLS 1\.3 alone/,
    );
    expect(wrong('{"listeners": [{"to": "a:1"}, {"to": "b:1"}]}')).toMatch(/two of them are called/);
    expect(wrong('{"listeners": [{"name": "x", "to": "a:1", "idle-timeout": "1s", "http": true}]}')).toMatch(
      /idle-timeout/,
    );
  });

  it('takes the config file of the examples, whose unit and container start it', () => {
    const examples = new URL('../../../examples/listener/', import.meta.url);
    const { listeners } = plan(readFileSync(new URL('listen.json', examples), 'utf8'));
    expect(listeners.map(({ name, settings }) => [name, settings.http, settings.auth])).toEqual([
      ['database', false, 'require'],
      ['shop', true, 'require'],
    ]);
    const containerfile = readFileSync(new URL('Containerfile', examples), 'utf8');
    // Everything that the build reads is copied into it.
    const build = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
    for (const [, folder] of build.matchAll(/"build": .*?tsx (\w+)\//g))
      expect(containerfile).toContain(`COPY ${folder} `);
    for (const text of [containerfile, readFileSync(new URL('warifu-listen.service', examples), 'utf8')])
      expect(text).toContain('/etc/warifu/listen.json');
  });

  it('has files beside the config file, shares what stands above, and flags come last', () => {
    const { listeners } = plan(
      '{"certificate": "s.crt", "idle-timeout": "1m", "listeners": [{"name": "a", "to": "a:1"}, {"name": "b", "port": 444, "to": "b:1", "http": true}]}',
    );
    expect(listeners.map(({ settings }) => settings.certificate)).toEqual([
      [folder.path('s.crt')],
      [folder.path('s.crt')],
    ]);
    writeFileSync(folder.path('c.json'), '{"to": "a:1", "port": 1, "balance": "hash"}');
    const flagged = readPlan({ port: '2' }, folder.path('c.json'), new Snapshot());
    expect(flagged.listeners[0]?.settings).toMatchObject({ port: 2, balance: 'hash' });
    expect(flagged.listeners[0]?.name).toBe(':2');
  });

  it('takes the example of each option in the documentation', () => {
    for (const [name, [value, beside = {}]] of Object.entries(EXAMPLES)) {
      const config = { to: 'a:1', ...beside, [name]: value };
      expect(() => plan(JSON.stringify(config)), name).not.toThrow();
    }
  });

  it('has one declaration for flag, schema and help', () => {
    const flags = flagsOf(LISTEN_OPTIONS);
    const schema = JSON.parse(JSON.stringify(configSchema(LISTEN_OPTIONS)));
    for (const name of Object.keys(LISTEN_OPTIONS)) {
      expect(schema.properties[name].description).toContain('default');
      if (name !== 'names') expect(flags[name]?.help).toBeTruthy();
    }
    expect(schema.properties.auth.enum).toEqual(['one-way', 'request', 'optional', 'require']);
    expect(schema.properties.listeners.items.properties.log).toBeUndefined();
  });
});

describe('places', () => {
  it('reads addresses, servers and ranges', () => {
    expect(whereRule.read('[::1]:8443', 'x')).toMatchObject({ host: '::1', port: 8443 });
    expect(whereRule.read(':443', 'x')).toMatchObject({ host: undefined, port: 443 });
    expect(whereRule.read('unix:/a', 'x')).toMatchObject({ path: '/a' });
    expect(targetRule.read('a.example:80@5', 'x')).toEqual({
      name: 'a.example:80',
      host: 'a.example',
      port: 80,
      path: undefined,
      weight: 5,
    });
    expect(targetRule.read('[::1]:80', 'x')).toMatchObject({ host: '::1', weight: 1 });
    for (const text of ['a', 'a:0', 'a:70000', ':80', 'a:80@x', 'http://a:80', 'unix:', '::1:80'])
      expect(() => targetRule.read(text, 'to')).toThrow(/expected a server/);
    const ranges = ['10.0.0.0/8', 'fd00::/8', '192.0.2.7'].map((text) => rangeRule.read(text, 'x'));
    for (const address of ['10.255.0.1', '::ffff:10.0.0.1', 'fd12::1', '192.0.2.7'])
      expect(isWithin(address, ranges)).toBe(true);
    for (const address of ['11.0.0.1', 'fe00::1', '192.0.2.8', undefined, 'x'])
      expect(isWithin(address, ranges)).toBe(false);
    expect(isWithin('10.0.128.1', [rangeRule.read('10.0.128.0/17', 'x')])).toBe(true);
    expect(isWithin('10.0.127.1', [rangeRule.read('10.0.128.0/17', 'x')])).toBe(false);
  });
});

describe('the pool', () => {
  const settings = readPlan({ to: ['a:1@5', 'b:1@1', 'c:1@1'] }, undefined, new Snapshot()).listeners[0]!.settings;
  const picks = (pool: Pool, count: number, client?: string): string =>
    Array.from({ length: count }, () => pool.pick(client)?.target.host).join('');

  it('goes round by weight, smoothly', () => {
    expect(picks(new Pool(settings, () => {}), 14)).toBe('aabacaaaabacaa');
  });

  it('leaves out what is tried, drained or down, and takes what is down rather than nothing', () => {
    const pool = new Pool({ ...settings, 'health-fall': 1 }, () => {});
    const [a, b, c] = pool.servers;
    pool.report(a!, 'refused');
    expect(picks(pool, 4)).toBe('bcbc');
    expect(pool.pick(undefined, new Set([b!, c!]))).toBe(a);
    expect(pool.pick(undefined, new Set([a!, b!, c!]))).toBeUndefined();
    pool.update({ ...settings, to: settings.to.map((target) => ({ ...target, weight: target.host === 'b' ? 0 : 1 })) });
    expect(picks(pool, 2)).toBe('cc');
    expect(pool.servers[0]).toBe(a);
  });

  it('goes to the server with the least connections for its weight', () => {
    const pool = new Pool({ ...settings, balance: 'least-connections' }, () => {});
    for (let i = 0; i < 14; i++) pool.pick(undefined)!.active++;
    expect(pool.servers.map(({ active }) => active)).toEqual([10, 2, 2]);
  });

  it('sends an address to the same server, and moves few when one goes', () => {
    const pool = new Pool({ ...settings, balance: 'hash' }, () => {});
    const clients = Array.from({ length: 700 }, (_, index) => `192.0.${index >> 8}.${index & 255}`);
    const before = clients.map((client) => pool.pick(client)!.target.host);
    expect(clients.map((client) => pool.pick(client)!.target.host)).toEqual(before);
    const share = before.filter((host) => host === 'a').length;
    expect(share).toBeGreaterThan(430);
    expect(share).toBeLessThan(570);
    pool.update({ ...settings, balance: 'hash', to: settings.to.filter(({ host }) => host !== 'c') });
    const after = clients.map((client) => pool.pick(client)!.target.host);
    expect(after.filter((host, index) => host !== before[index]).length).toBe(
      before.filter((host) => host === 'c').length,
    );
  });
});

describe('the gate', () => {
  it('lets so many begin, and the next in order; one that is slow gives its place away', async () => {
    const gate = new Gate(2, 20);
    const begun: number[] = [];
    const releases: (() => void)[] = [];
    const leaves = [0, 1, 2, 3, 4].map((number) =>
      gate.enter((release) => {
        begun.push(number);
        releases.push(release);
      }),
    );
    expect(begun).toEqual([0, 1]);
    leaves[2]!();
    releases[0]!();
    releases[0]!();
    expect(begun).toEqual([0, 1, 3]);
    await new Promise((done) => setTimeout(done, 60));
    expect(begun).toEqual([0, 1, 3, 4]);
  });
});

describe('the PROXY protocol', () => {
  const ends = { source: { address: '192.0.2.1', port: 4711 }, destination: { address: '198.51.100.1', port: 443 } };
  const ends6 = { source: { address: '2001:db8::1', port: 1 }, destination: { address: '::', port: 65_535 } };
  const tls = {
    version: 'TLSv1.3',
    cipher: 'x',
    alpn: 'h2',
    serverName: 'a',
    client: 'good',
    commonName: 'alice',
  } as const;

  it('reads what it writes, in any pieces', () => {
    for (const one of [ends, ends6])
      for (const bytes of [writeProxyV1(one), writeProxyV2(one, tls)]) {
        for (let length = 0; length < bytes.length; length++)
          expect(readProxyHeader(bytes.subarray(0, length), 'any')).toEqual({ state: 'more' });
        const whole = readProxyHeader(Buffer.concat([bytes, Buffer.from('rest')]), 'any');
        expect(whole).toEqual({ state: 'done', length: bytes.length, ends: one });
      }
    expect(readProxyHeader(writeProxyV1(undefined), 'any')).toMatchObject({ state: 'done', ends: undefined });
  });

  it('refuses anything else', () => {
    const bad = (text: string, accepts: 'v1' | 'v2' | 'any' = 'any'): string => {
      const header = readProxyHeader(Buffer.from(text, 'latin1'), accepts);
      return header.state === 'bad' ? header.why : header.state;
    };
    expect(bad('\x16\x03\x01')).toMatch(/no PROXY header/);
    expect(bad('PROXY TCP4 1.2.3.4 ::1 1 2\r\n')).toMatch(/cannot be read/);
    expect(bad('PROXY TCP4 1.2.3.4 1.2.3.4 1 70000\r\n')).toMatch(/cannot be read/);
    expect(bad(`PROXY TCP4 ${'x'.repeat(200)}`)).toMatch(/does not end/);
    expect(bad('PROXY UNKNOWN\r\n', 'v2')).toMatch(/version 2/);
    expect(bad(Buffer.from(writeProxyV2(ends, tls)).toString('latin1'), 'v1')).toMatch(/version 1 is expected/);
    expect(bad('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x04aaaa')).toMatch(/cut off/);
    expect(bad('\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x04aaaa')).toMatch(/not known/);
    expect(bad('\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff')).toMatch(/65551 bytes/);
  });
});

describe('HTTP', () => {
  it('takes away fields that are ours, however they are spelled, and those of one hop', () => {
    for (const name of [
      'Client-Cert',
      'client_cert',
      'CLIENT.CERT',
      'X_SSL_Client-Verify',
      'x-forwarded-for',
      'Forwarded',
    ])
      expect(isOurs(name)).toBe(true);
    for (const name of ['client', 'cert', 'accept', 'x-request-id']) expect(isOurs(name)).toBe(false);
    const fields = endToEnd([
      ...['Connection', 'close, X-Secret', 'X-Secret', '1', 'Client_Cert', 'x', 'TE', 'gzip', 'A', '1', 'a', '2'],
      ...['Cookie', 'a=1', 'cookie', 'b=2', 'Transfer-Encoding', 'chunked', ':path', '/'],
    ]);
    expect([...fields]).toEqual([
      ['a', ['1', '2']],
      ['cookie', 'a=1; b=2'],
    ]);
  });

  it('knows a path in all its forms', () => {
    for (const path of [
      '/admin',
      '/admin/x',
      '/ADMIN',
      '//admin',
      '/x/../admin',
      '/%61dmin',
      '/%2561dmin',
      '/admin%2fx',
      '/x;y/..;/admin',
      '/.\\admin',
      '/admin?x',
      '/%zz',
      // Not every server climbs.
      '/admin/../x',
      '/admin/%2e%2e',
      // What some cut off, or do not see.
      '/admin%00',
      '/admin%00x',
      '/admin.',
      '/admin%20/x',
      '/admin%23x',
      '/admin%3fx',
    ])
      expect(isBelow(path, ['/admin'])).toBe(true);
    for (const path of ['/', '/administrator', '/x/admin', '/?/admin']) expect(isBelow(path, ['/admin'])).toBe(false);
    expect(isBelow('/anything', ['/'])).toBe(true);
    expect(targetPath('http://other.example/admin?x')).toBe('/admin?x');
    expect(targetPath('https://other.example')).toBe('/');
    expect(targetPath('*')).toBe('*');
    expect(targetPath('admin')).toBeUndefined();
    expect(targetPath('/a b')).toBeUndefined();
    // Behind it, a path for some servers, and nothing for others.
    expect(targetPath('/x#/../admin')).toBeUndefined();
    expect(targetPath('http://other.example/x#y')).toBeUndefined();
  });
});

import { Client } from 'ldapts';
import { expect, numbers, refused, UNKNOWN } from './support.mjs';

const WHO_AM_I = '1.3.6.1.4.1.4203.1.11.3';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const open = async (secure, tls) => {
    const options = { servername: 'localhost', ...tls };
    const client = new Client({
      url: secure ? `ldaps://localhost:${ports.ldaps}` : `ldap://localhost:${ports.ldap}`,
      ...(secure && { tlsOptions: options }),
      timeout: 10_000,
      connectTimeout: 10_000,
    });
    if (!secure) await client.startTLS(options);
    return client;
  };
  // At once, and after STARTTLS.
  for (const secure of [true, false]) {
    const client = await open(secure, { ca, cert: clientCert, key: clientKey });
    await client.bind('cn=admin,dc=example', 'a-secret');
    const base = `ou=a${Math.random().toString(36).slice(2)},dc=example`;
    await client.add(base, { objectClass: ['organizationalUnit'] });
    for (const n of numbers(20))
      await client.add(`cn=${n},${base}`, { objectClass: ['organizationalRole'], description: 'x'.repeat(2_000) });
    const { searchEntries } = await client.search(base, { filter: '(objectClass=organizationalRole)' });
    expect([searchEntries.length, searchEntries[0].description.length], [20, 2_000]);
    await client.unbind();
    // By the certificate alone.
    const certified = await open(secure, { ca, cert: clientCert, key: clientKey });
    await certified.bind('EXTERNAL');
    expect((await certified.exop(WHO_AM_I)).value?.toLowerCase(), 'dn:cn=warifu');
    await certified.unbind();
    await refused(UNKNOWN, async () => {
      const client = await open(secure, { ca: otherCa });
      await client.bind('cn=admin,dc=example', 'a-secret');
    });
  }
}

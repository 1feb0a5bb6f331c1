import pg from 'pg';
import { expect, numbers, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const options = (more) => ({
    host: 'localhost',
    port: ports.postgres,
    user: 'warifu',
    password: 'a-secret',
    database: 'postgres',
    ...more,
  });
  const ask = async (ssl, more) => {
    const client = new pg.Client(options({ ssl, ...more }));
    // A connection that is refused is told of twice.
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query('select ssl, client_dn as dn from pg_stat_ssl where pid = pg_backend_pid()');
    const text = 'select repeat(md5(n::text), 100) as text from generate_series(1, 500) n';
    expect((await client.query(text)).rows.length, 500);
    await client.end();
    return rows[0];
  };
  expect(await ask({ ca }), { ssl: true, dn: null });
  expect(await ask({ ca, cert: clientCert, key: clientKey }), { ssl: true, dn: '/CN=warifu' });
  // The password is bound to the certificate of this connection; the server takes nothing else for this user.
  expect(await ask({ ca }, { enableChannelBinding: true }), { ssl: true, dn: null });
  await refused(UNKNOWN, () => ask({ ca: otherCa }));
  await refused('ERR_TLS_CERT_ALTNAME_INVALID', () => ask({ ca }, { host: '127.0.0.1' }));
  const pool = new pg.Pool(options({ ssl: { ca }, max: 20 }));
  const answers = await Promise.all(numbers(100).map((n) => pool.query('select $1::int as n', [n])));
  expect(
    answers.map(({ rows }) => rows[0].n),
    numbers(100),
  );
  await pool.end();
}

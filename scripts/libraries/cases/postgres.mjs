import postgres from 'postgres';
import { expect, numbers, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const ask = async (ssl) => {
    const sql = postgres({
      host: 'localhost',
      port: ports.postgres,
      username: 'warifu',
      password: 'a-secret',
      database: 'postgres',
      ssl: { servername: 'localhost', ...ssl },
      max: 5,
      fetch_types: false,
    });
    try {
      const [row] = await sql`select ssl, client_dn as dn from pg_stat_ssl where pid = pg_backend_pid()`;
      const answers = await Promise.all(numbers(50).map((n) => sql`select ${n}::int as n`));
      expect(
        answers.map(([{ n }]) => n),
        numbers(50),
      );
      return { ssl: row.ssl, dn: row.dn };
    } finally {
      await sql.end({ timeout: 1 });
    }
  };
  expect(await ask({ ca }), { ssl: true, dn: null });
  expect(await ask({ ca, cert: clientCert, key: clientKey }), { ssl: true, dn: '/CN=warifu' });
  await refused(UNKNOWN, () => ask({ ca: otherCa }));
}

import mysql from 'mysql2/promise';
import { expect, numbers, refused, UNKNOWN } from './support.mjs';

const LONG = `with recursive n(i) as (select 1 union all select i + 1 from n where i < 200)
  select repeat('x', 5000) as text from n`;

export async function run({ ca, otherCa, clientCert, clientKey, ports, runtime }) {
  const options = (user, ssl) => ({
    host: 'localhost',
    port: ports.mariadb,
    user,
    password: 'a-secret',
    ssl: { verifyIdentity: true, ...ssl },
    // Workers make no code from text.
    ...(runtime === 'workerd' && { disableEval: true }),
  });
  const ask = async (user, ssl) => {
    const connection = await mysql.createConnection(options(user, ssl));
    const [[row]] = await connection.query("show status like 'Ssl_version'");
    const [rows] = await connection.query(LONG);
    expect([rows.length, rows[0].text.length], [200, 5000]);
    await connection.end();
    return row.Value;
  };
  expect(await ask('warifu', { ca }), 'TLSv1.3');
  // The server takes this user with the certificate of this name only.
  expect(await ask('certified', { ca, cert: clientCert, key: clientKey }), 'TLSv1.3');
  await refused('ER_ACCESS_DENIED_ERROR', () => ask('certified', { ca }));
  await refused(UNKNOWN, () => ask('warifu', { ca: otherCa }));
  const pool = mysql.createPool({ ...options('warifu', { ca }), connectionLimit: 20 });
  const answers = await Promise.all(numbers(100).map((n) => pool.query('select ? as n', [n])));
  expect(
    answers.map(([[{ n }]]) => n),
    numbers(100),
  );
  await pool.end();
}

// PostgreSQL with SCRAM-SHA-256-PLUS: the password is proven for this very TLS connection, so that no one in between can pass it on.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as dial } from 'node:net';
import pg from 'pg';
import { connect } from 'warifu/node';

const { PGHOST: host = 'localhost', PGPORT: port = 5432 } = process.env;

const plain = dial(port, host);
plain.write(Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47)); // SSLRequest
const [answer] = await once(plain, 'data');
if (answer.toString() !== 'S') throw new Error('this server has no TLS');
const tls = await connect(plain, { serverName: host, anchors: readFileSync('ca/root.crt', 'utf8') }).secured();

// User, password and database are PGUSER, PGPASSWORD and PGDATABASE.
const client = new pg.Client({ stream: () => tls, enableChannelBinding: true });
client.connection.once('authenticationSASL', ({ mechanisms }) => console.log(`offered: ${mechanisms.join(', ')}`));
await client.connect();
const { rows } = await client.query('select ssl, version, cipher from pg_stat_ssl where pid = pg_backend_pid()');
console.log(rows[0]);
await client.end();

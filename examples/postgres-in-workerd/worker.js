// A Worker that asks PostgreSQL over mutual TLS, with an authority and a client certificate of its own: by pg and by
// postgres.js as they are. `tls` is warifu/tls by the alias in wrangler.toml.
import pg from 'pg';
import postgres from 'postgres';

const QUESTION = 'select ssl, version, client_dn from pg_stat_ssl where pid = pg_backend_pid()';

/** PEM, from secrets: `wrangler secret put PG_CA`, `PG_CERT`, `PG_KEY`, `PG_PASSWORD`. */
const tlsOf = (env) => ({ ca: env.PG_CA, cert: env.PG_CERT, key: env.PG_KEY, servername: env.PG_HOST });

async function byPg(env) {
  const client = new pg.Client({
    host: env.PG_HOST,
    port: Number(env.PG_PORT),
    user: env.PG_USER,
    password: env.PG_PASSWORD,
    database: env.PG_DATABASE,
    ssl: tlsOf(env),
    // The password is bound to this very connection (SCRAM-SHA-256-PLUS).
    enableChannelBinding: true,
  });
  await client.connect();
  try {
    return (await client.query(QUESTION)).rows[0];
  } finally {
    await client.end();
  }
}

async function byPostgres(env) {
  const sql = postgres({
    host: env.PG_HOST,
    port: Number(env.PG_PORT),
    username: env.PG_USER,
    password: env.PG_PASSWORD,
    database: env.PG_DATABASE,
    ssl: tlsOf(env),
    max: 1,
    fetch_types: false,
  });
  try {
    const [row] = await sql.unsafe(QUESTION);
    return { ...row };
  } finally {
    await sql.end();
  }
}

// biome-ignore lint/style/noDefaultExport: this is how the runtime finds the handler
export default {
  async fetch(request, env) {
    const ask = new URL(request.url).pathname === '/postgres' ? byPostgres : byPg;
    try {
      return Response.json(await ask(env));
    } catch (error) {
      return Response.json({ code: error.code, message: error.message }, { status: 502 });
    }
  },
};

// Programs that use libraries as they are; `tls` and `https` are ours, by `--import`. Run by scripts/libraries.ts, one at a
// time: the name of the case and a JSON of what it needs are the arguments.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [, , name, text] = process.argv;
const given = JSON.parse(text);
const require = createRequire(pathToFileURL(`${given.folder}/package.json`));
const load = async (library) => {
  const module = await import(pathToFileURL(require.resolve(library)).href);
  return module.default ?? module;
};
const tls = require('node:tls');
const https = require('node:https');
const { ca, cert, key, clientCert, clientKey } = given;
const expect = (value, wanted) => {
  if (JSON.stringify(value) !== JSON.stringify(wanted))
    throw new Error(`expected ${JSON.stringify(wanted)}, found ${JSON.stringify(value)}`);
};
const refused = async (wanted, call) => {
  const error = await call().then(
    () => undefined,
    (reason) => reason,
  );
  const codes = [error?.code, error?.cause?.code, error?.reason?.code];
  if (!codes.includes(wanted)) throw new Error(`expected to be refused with ${wanted}, found ${error?.stack}`);
};
const UNKNOWN = 'SELF_SIGNED_CERT_IN_CHAIN';
const port = async (server) => {
  await new Promise((done) => server.listen(0, 'localhost', done));
  return server.address().port;
};

const pgOptions = (more = {}) => ({
  host: 'localhost',
  port: given.postgres,
  user: 'warifu',
  password: 'a secret',
  database: 'postgres',
  ...more,
});

const CASES = {
  async pg() {
    const pg = await load('pg');
    const ask = async (ssl, more) => {
      const client = new pg.Client(pgOptions({ ssl, ...more }));
      // A connection that is refused is told of twice.
      client.on('error', () => {});
      await client.connect();
      const { rows } = await client.query('select ssl, client_dn as dn from pg_stat_ssl where pid = pg_backend_pid()');
      const { rows: long } = await client.query(
        'select repeat(md5(n::text), 100) as text from generate_series(1, 500) n',
      );
      expect(long.length, 500);
      await client.end();
      return rows[0];
    };
    expect(await ask({ ca }), { ssl: true, dn: null });
    expect(await ask({ ca, cert: clientCert, key: clientKey }), { ssl: true, dn: '/CN=warifu' });
    // SCRAM-SHA-256-PLUS: the password is bound to the certificate of this connection.
    expect(await ask({ ca }, { enableChannelBinding: true }), { ssl: true, dn: null });
    await refused(UNKNOWN, () => ask({ ca: given.otherCa }));
    await refused('ERR_TLS_CERT_ALTNAME_INVALID', () => ask({ ca }, { host: '127.0.0.1' }));
    const pool = new pg.Pool(pgOptions({ ssl: { ca }, max: 20 }));
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => pool.query('select $1::int as n', [n])));
    expect(
      answers.map(({ rows }) => rows[0].n),
      Array.from({ length: 100 }, (_, n) => n),
    );
    await pool.end();
  },
  async postgres() {
    const postgres = await load('postgres');
    const ask = async (ssl) => {
      const sql = postgres({ ...pgOptions(), username: 'warifu', ssl, max: 5, fetch_types: false });
      try {
        const [row] = await sql`select ssl, client_dn as dn from pg_stat_ssl where pid = pg_backend_pid()`;
        return { ssl: row.ssl, dn: row.dn };
      } finally {
        await sql.end({ timeout: 1 });
      }
    };
    expect(await ask({ ca, servername: 'localhost' }), { ssl: true, dn: null });
    expect(await ask({ ca, servername: 'localhost', cert: clientCert, key: clientKey }), {
      ssl: true,
      dn: '/CN=warifu',
    });
    await refused(UNKNOWN, () => ask({ ca: given.otherCa }));
  },
  async ioredis() {
    const { Redis } = await load('ioredis');
    const redis = new Redis({ host: 'localhost', port: given.redis, tls: { ca, cert: clientCert, key: clientKey } });
    await redis.set('a', 'x'.repeat(300_000));
    expect((await redis.get('a')).length, 300_000);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => redis.incrby('count', n)));
    expect(answers.length, 200);
    await redis.quit();
    const wrong = new Redis({ host: 'localhost', port: given.redis, tls: { ca: given.otherCa }, retryStrategy: null });
    const [error] = await new Promise((done) => wrong.once('error', (...values) => done(values)));
    expect(error.code, UNKNOWN);
    wrong.disconnect();
  },
  async redis() {
    const { createClient } = await load('redis');
    const options = {
      url: `rediss://localhost:${given.redis}`,
      socket: { tls: true, ca, cert: clientCert, key: clientKey },
    };
    const redis = createClient(options);
    redis.on('error', () => {});
    await redis.connect();
    await redis.set('b', 'c');
    expect(await redis.get('b'), 'c');
    await redis.close();
  },
  async mqtt() {
    const mqtt = await load('mqtt');
    const client = await mqtt.connectAsync({
      protocol: 'mqtts',
      host: 'localhost',
      port: given.mosquitto,
      ca: [ca],
      cert: clientCert,
      key: clientKey,
    });
    const heard = new Promise((done) => client.once('message', (topic, message) => done([topic, String(message)])));
    await client.subscribeAsync('a/b');
    await client.publishAsync('a/b', 'hello');
    expect(await heard, ['a/b', 'hello']);
    await client.endAsync();
  },
  async nodemailer() {
    const { createTransport } = await load('nodemailer');
    const { SMTPServer } = await load('smtp-server');
    const got = [];
    const serve = (options) =>
      new SMTPServer({
        key,
        cert,
        disabledCommands: ['AUTH'],
        onData(stream, session, callback) {
          let whole = '';
          stream
            .on('data', (chunk) => (whole += chunk))
            .on('end', () => {
              got.push([session.secure, whole.length > 50_000]);
              callback();
            });
        },
        ...options,
      });
    for (const secure of [true, false]) {
      const server = serve({ secure });
      await new Promise((done) => server.listen(0, 'localhost', done));
      const mail = createTransport({
        host: 'localhost',
        port: server.server.address().port,
        secure,
        requireTLS: !secure,
        tls: { ca, servername: 'localhost' },
      });
      await mail.sendMail({ from: 'a@a.example', to: 'b@b.example', subject: 'c', text: 'd '.repeat(40_000) });
      mail.close();
      await new Promise((done) => server.close(done));
    }
    // Straight away, and after STARTTLS.
    expect(got, [
      [true, true],
      [true, true],
    ]);
  },
  async ws() {
    const WebSocket = await load('ws');
    const server = https.createServer({ cert, key });
    new WebSocket.WebSocketServer({ server }).on('connection', (socket) =>
      socket.on('message', (data) => socket.send(data)),
    );
    const socket = new WebSocket(`wss://localhost:${await port(server)}`, { ca });
    await new Promise((done, fail) => socket.once('open', done).once('error', fail));
    const back = new Promise((done) => socket.once('message', done));
    socket.send('z'.repeat(200_000));
    expect((await back).length, 200_000);
    socket.close();
    await new Promise((done) => socket.once('close', done));
    server.close();
  },
  axios: () => overHttp(async (url, agent) => (await (await load('axios')).get(url, { httpsAgent: agent })).data),
  'node-fetch': () => overHttp(async (url, agent) => (await (await load('node-fetch'))(url, { agent })).text()),
  undici: () =>
    overHttp(async (url) => {
      const { fetch, Agent } = await load('undici');
      return (await fetch(url, { dispatcher: new Agent({ connect: { ca }, keepAliveTimeout: 10 }) })).text();
    }),
  async 'grpc-js'() {
    const grpc = await load('@grpc/grpc-js');
    const pass = (value) => value;
    const method = {
      path: '/echo.Echo/Say',
      requestStream: false,
      responseStream: false,
      requestSerialize: pass,
      requestDeserialize: pass,
      responseSerialize: pass,
      responseDeserialize: pass,
    };
    const server = new grpc.Server();
    server.addService({ say: method }, { say: (call, done) => done(null, call.request) });
    const bound = await new Promise((done, fail) =>
      server.bindAsync(
        'localhost:0',
        grpc.ServerCredentials.createSsl(
          Buffer.from(ca),
          [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }],
          true,
        ),
        (error, value) => (error ? fail(error) : done(value)),
      ),
    );
    const credentials = grpc.credentials.createSsl(Buffer.from(ca), Buffer.from(clientKey), Buffer.from(clientCert));
    const Client = grpc.makeClientConstructor({ say: method }, 'Echo');
    const client = new Client(`localhost:${bound}`, credentials);
    const said = await new Promise((done, fail) =>
      client.say(Buffer.from('hello'), (error, value) => (error ? fail(error) : done(String(value)))),
    );
    expect(said, 'hello');
    client.close();
    await new Promise((done) => server.tryShutdown(done));
  },
};

async function overHttp(ask) {
  const server = https.createServer({ cert, key }, (_request, response) => response.end('hello'));
  const at = `https://localhost:${await port(server)}/`;
  const agent = new https.Agent({ ca, keepAlive: true });
  for (let count = 0; count < 3; count++) expect(await ask(at, agent), 'hello');
  agent.destroy();
  server.closeAllConnections();
  server.close();
}

if (
  process.argv.includes('--ours') &&
  !/dhparam/.test(
    String(
      await Promise.resolve()
        .then(() => tls.createSecureContext({ dhparam: Buffer.from('x') }))
        .catch((e) => e.message),
    ),
  )
)
  throw new Error("this runs with Node's own tls");
const deadline = setTimeout(() => {
  console.error('took too long');
  process.exit(1);
}, 60_000);
await CASES[name]();
clearTimeout(deadline);
console.log('done');
process.exit(0);

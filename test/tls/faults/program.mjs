// What pg and ioredis see of a connection that goes wrong, as JSON. Run by faults.test.ts, with node:tls and with ours in its
// place: the file with what it is given is the argument.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { Redis } from 'ioredis';
import pg from 'pg';

const given = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { ca, otherCa, password, ports } = given;
const COUNT = 200;
/** So many rows of 10,000 bytes are more than sockets hold. */
const ROWS = 2_000;

/** By its code where it has one; else it is the library's own. */
const told = (error) =>
  error.code === undefined
    ? error.message
    : [error.code, ...(error.syscall ? [error.syscall, error.errno] : [])].join(' ');

/** Whatever errors there are before. */
const heard = (emitter, event) => new Promise((done) => emitter.once(event, done));

/** Hands bytes on, until it is told to stop: then the client sees what it sees of a server that is killed. */
async function middle(target) {
  const state = { left: Number.POSITIVE_INFINITY, how: undefined, passed: 0 };
  const server = net.createServer((near) => {
    const far = net.connect(target, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => {});
    near.pipe(far);
    far.on('data', (chunk) => {
      const part = chunk.subarray(0, state.left);
      state.left -= part.length;
      state.passed += part.length;
      if (!near.write(part)) {
        far.pause();
        near.once('drain', () => far.resume());
      }
      if (state.left > 0) return;
      state.left = Number.POSITIVE_INFINITY;
      if (state.how === 'reset') near.resetAndDestroy();
      else near.end();
      far.destroy();
    });
    far.on('end', () => near.end());
    near.on('close', () => far.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return Object.assign(state, {
    port: server.address().port,
    /** `after` bytes more, and then no more. */
    stop(how, after) {
      Object.assign(state, { how, left: after });
    },
  });
}

const pgOptions = (port, ssl) => ({
  host: 'localhost',
  port,
  user: 'warifu',
  password,
  database: 'postgres',
  ssl: { ca, ...ssl },
});

async function pgSees(port, run, ssl) {
  const seen = [];
  const client = new pg.Client(pgOptions(port, ssl));
  client.on('error', (error) => seen.push(`error: ${told(error)}`));
  client.on('end', () => seen.push('end'));
  try {
    await client.connect();
    seen.push('connected');
    await run?.(client, seen);
  } catch (error) {
    seen.push(`rejected: ${told(error)}`);
  }
  await client.end().catch((error) => seen.push(`end rejected: ${told(error)}`));
  // In which order a library tells of one thing in two ways is its own matter.
  return seen.sort();
}

async function redisSees(port, run, tls) {
  const seen = [];
  const redis = new Redis({
    host: 'localhost',
    port,
    tls: { ca, ...tls },
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    lazyConnect: true,
  });
  redis.on('error', (error) => seen.push(`error: ${told(error)}`));
  const ended = heard(redis, 'end');
  try {
    await redis.connect();
    seen.push('connected');
    await run?.(redis, seen);
    redis.disconnect();
  } catch (error) {
    seen.push(`rejected: ${told(error)}`);
  }
  await ended;
  return seen.sort();
}

const LONG = `select repeat('x', 10000) as text from generate_series(1, ${ROWS})`;

const SCENARIOS = {
  async 'the server ends in the middle of an answer'() {
    const [one, other] = [await middle(ports.postgres), await middle(ports.redis)];
    return [
      await pgSees(one.port, (client) => {
        one.stop('end', 500_000);
        return client.query(LONG);
      }),
      await redisSees(other.port, (redis) => {
        other.stop('end', 500_000);
        return redis.get('long');
      }),
    ];
  },
  async 'the server is reset in the middle of an answer'() {
    const [one, other] = [await middle(ports.postgres), await middle(ports.redis)];
    return [
      await pgSees(one.port, (client) => {
        one.stop('reset', 500_000);
        return client.query(LONG);
      }),
      await redisSees(other.port, (redis) => {
        other.stop('reset', 500_000);
        return redis.get('long');
      }),
    ];
  },
  async 'the server goes during the handshake'() {
    const seen = [];
    for (const how of ['end', 'reset']) {
      const [one, other] = [await middle(ports.postgres), await middle(ports.redis)];
      // Behind the one byte in which PostgreSQL agrees to TLS.
      one.stop(how, 101);
      other.stop(how, 100);
      seen.push(await pgSees(one.port), await redisSees(other.port));
    }
    return seen;
  },
  async 'another authority'() {
    return [
      await pgSees(ports.postgres, undefined, { ca: otherCa }),
      await redisSees(ports.redis, undefined, { ca: otherCa }),
    ];
  },
  async 'an expired certificate'() {
    return [await pgSees(ports.expiredPostgres), await redisSees(ports.expiredRedis)];
  },
  async 'a client that reads slowly'() {
    const [one, other] = [await middle(ports.postgres), await middle(ports.redis)];
    const slowly = async (stream, state, answer) => {
      const before = state.passed;
      stream.pause();
      await new Promise((done) => setTimeout(done, 500));
      const ahead = state.passed - before;
      stream.resume();
      return [await answer, ahead < 15_000_000];
    };
    return [
      await pgSees(one.port, async (client, seen) => {
        const answer = client.query(LONG).then(({ rows }) => rows.length);
        seen.push(await slowly(client.connection.stream, one, answer));
      }),
      await redisSees(other.port, async (redis, seen) => {
        const answer = redis.get('long').then((text) => text.length);
        seen.push(await slowly(redis.stream, other, answer));
      }),
    ];
  },
  async 'two hundred connections in a pool'() {
    const pool = new pg.Pool({ ...pgOptions(ports.postgres), max: COUNT });
    const clients = await Promise.all(Array.from({ length: COUNT }, () => pool.connect()));
    const answers = await Promise.all(clients.map((client) => client.query('select pg_backend_pid() as pid')));
    const pids = new Set(answers.map(({ rows }) => rows[0].pid));
    for (const client of clients) client.release();
    await pool.end();
    return [pids.size, pool.totalCount];
  },
  async 'a connection that is lost comes again, with its session'() {
    const state = await middle(ports.redis);
    const redis = new Redis({ host: 'localhost', port: state.port, tls: { ca }, retryStrategy: () => 10 });
    const seen = [];
    // The kernel says that it was reset, or only that it has ended: the library is told of either.
    redis.on('error', () => {});
    for (const event of ['close', 'reconnecting', 'end']) redis.on(event, () => seen.push(event));
    redis.on('connect', () => {
      redis.stream.on('session', (session) => {
        redis.options.tls.session = session;
      });
    });
    for (let count = 0; count < 3; count++) {
      await redis.set('again', `${count}`);
      seen.push(await redis.get('again'), redis.stream.isSessionReused());
      if (count === 2) break;
      const closed = heard(redis, 'close');
      state.stop('reset', 1);
      // It is asked again when the connection is there again.
      seen.push((await redis.get('long')).length);
      await closed;
    }
    await redis.quit();
    return seen;
  },
};

const first = new Redis({ host: 'localhost', port: ports.redis, tls: { ca } });
await first.setrange('long', ROWS * 10_000 - 1, 'x');
await first.quit();

const results = {};
for (const [name, scenario] of Object.entries(SCENARIOS)) results[name] = await scenario();
process.stdout.write(`\nRESULTS ${JSON.stringify(results)}\n`, () => process.exit(0));

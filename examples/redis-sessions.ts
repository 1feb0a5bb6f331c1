/**
 * Sessions and early data for several servers that share a Redis: what one of them began, any other can resume, and
 * early data is taken by one of them only.
 *
 * Redis is asked for each connection, so it had better be near. When it does not answer in time, or is lost, there is a
 * full handshake, and no early data: nothing else. What it holds is sealed, so that it learns no secrets. Give it memory
 * enough, and `maxmemory-policy noeviction`: a guard that forgets is no guard.
 */
import type { createClient } from '@redis/client';
import type { EarlyDataUse, ReplayGuard, ServerSessionStore, TicketSealer } from 'warifu/resumption';

type Redis = ReturnType<typeof createClient>;

export interface RedisOptions {
  readonly redis: Redis;
  /** Before every key. Default: `tls:`. */
  readonly prefix?: string;
  /** Milliseconds to wait for an answer. Default: 200. */
  readonly patience?: number;
}

/**
 * For `storedTickets`, and for `sessionIds`.
 *
 * @param sealer seals what Redis is given: `ticketSealer`, with the same secrets in every server.
 */
export function redisSessions(options: RedisOptions & { readonly sealer: TicketSealer }): ServerSessionStore {
  const { redis, sealer, prefix = 'tls:', patience = 200 } = options;
  return {
    async take(key) {
      // In one act, so that each key works once.
      const sealed = await within(patience, redis.getDel(`${prefix}session:${key}`));
      return sealed === null ? undefined : await sealer.open(Buffer.from(sealed, 'base64'), Date.now());
    },
    async put(key, state, until) {
      const now = Date.now();
      const sealed = await sealer.seal(state, Math.ceil((until - now) / 1000), now);
      if (sealed === undefined || until <= now) return;
      const expiration = { type: 'PX', value: Math.ceil(until - now) } as const;
      await within(patience, redis.set(`${prefix}session:${key}`, toBase64(sealed), { expiration }));
    },
  };
}

/** For `earlyData.guard`: all servers that open the same tickets ask the same Redis. */
export function redisReplayGuard(options: RedisOptions): ReplayGuard {
  const { redis, prefix = 'tls:', patience = 200 } = options;
  return {
    async firstUse({ key, from, until, now }: EarlyDataUse) {
      if (![from, until, now].every(Number.isFinite)) return false;
      const keys = ['born', 'early', 'forgotten'].map((name) => `${prefix}${name}`);
      const parts = [toBase64(key), ...[from, until, now].map((time) => String(Math.ceil(time)))];
      return (await within(patience, redis.eval(FIRST_USE, { keys, arguments: parts }))) === 1;
    },
  };
}

/**
 * Marks and answers in one act. A Redis that was started after `from` does not know what was sent before. What has
 * expired goes when it is asked for, never by itself, and the latest of it is remembered: so a clock that goes back makes
 * nothing new again.
 */
const FIRST_USE = `
  local key, from, till, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
  local born = redis.call('GET', KEYS[1])
  if not born then
    redis.call('SET', KEYS[1], ARGV[4])
    return 0
  end
  if tonumber(born) > from then return 0 end
  local expired = redis.call('ZREVRANGEBYSCORE', KEYS[2], '(' .. ARGV[4], '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
  local forgotten = tonumber(redis.call('GET', KEYS[3]) or '0')
  if expired[2] and tonumber(expired[2]) > forgotten then
    forgotten = tonumber(expired[2])
    redis.call('SET', KEYS[3], expired[2])
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[4])
  end
  if till <= forgotten then return 0 end
  return redis.call('ZADD', KEYS[2], 'NX', ARGV[3], key)
`;

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** No handshake waits long for a Redis that does not answer. */
async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Sessions and early data for several servers that share a Redis: what one of them began, any other can go on with, and
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
 * @param keeper seals what Redis is given: `ticketSealer`, with the same secrets in every server.
 */
export function redisSessions(options: RedisOptions & { readonly keeper: TicketSealer }): ServerSessionStore {
  const { redis, keeper, prefix = 'tls:', patience = 200 } = options;
  return {
    async take(key) {
      // In one act, so that each key works once.
      const sealed = await within(patience, redis.getDel(`${prefix}session:${key}`));
      return sealed === null ? undefined : await keeper.open(Buffer.from(sealed, 'base64'), Date.now());
    },
    async put(key, state, until) {
      const now = Date.now();
      const sealed = await keeper.seal(state, Math.ceil((until - now) / 1000), now);
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
      // A Redis that was started since then does not know what was sent before.
      const born = await within(patience, redis.set(`${prefix}born`, String(now), { condition: 'NX', GET: true }));
      if (born === null || Number(born) > from) return false;
      const expiration = { type: 'PX', value: Math.max(1, Math.ceil(until - now)) } as const;
      const set = redis.set(`${prefix}early:${toBase64(key)}`, '1', { condition: 'NX', expiration });
      return (await within(patience, set)) === 'OK';
    },
  };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Nobody waits long for a Redis that does not answer. */
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

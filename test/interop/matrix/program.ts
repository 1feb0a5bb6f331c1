import { type Child, startChild } from '../../support/child.ts';
import { material } from './material.ts';
import { PROTOCOL } from './our-client.ts';
import type { ConnectOrder, ConnectReport, Running, ServeOrder, Serving } from './types.ts';

/** A peer that is a small program of ours (test/interop/peers): it gets its orders on standard input. */

export async function startProgram(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const child = startChild(program, args, { environment });
  const { roots, server } = material();
  let heard = 0;
  const ask = async (words: readonly (string | false)[]): Promise<string> => {
    heard = child.output().length;
    child.write(`${words.filter((word) => word !== false).join(' ')}\n`);
    return await answerOf(child, () => heard);
  };
  return {
    serve: async (order: ServeOrder): Promise<Serving> => {
      const answer = await ask([
        'serve',
        `version=${order.version}`,
        `roots=${roots}`,
        `cert=${server.cert}`,
        `key=${server.key}`,
        order.alpn && `alpn=${PROTOCOL}`,
        order.auth && 'auth=1',
        order.staple && `staple=${material().staple}`,
        order.group !== undefined && `group=${order.group}`,
        order.ids && 'ids=1',
      ]);
      const port = /^serving (\d+)/.exec(answer)?.[1];
      if (port === undefined) throw new Error(answer);
      // It serves until the program ends.
      return { port: Number(port), talk: 'echo', stop: async () => {} };
    },
    connect: async (order: ConnectOrder): Promise<ConnectReport> => {
      const shown = order.shows === undefined ? undefined : order.shows === 'good' ? material().client : material().bad;
      const answer = await ask([
        'connect',
        `port=${order.port}`,
        `version=${order.version}`,
        `roots=${roots}`,
        `bytes=${order.bytes}`,
        `times=${order.times}`,
        shown !== undefined && `cert=${shown.cert}`,
        shown !== undefined && `key=${shown.key}`,
        order.alpn && `alpn=${PROTOCOL}`,
        order.staple && 'staple=1',
        order.group !== undefined && `group=${order.group}`,
        order.ids && 'ids=1',
        order.rekey && 'rekey=1',
      ]);
      if (!answer.startsWith('ok')) return { error: answer.replace(/^error /, '') };
      const facts = new Map(answer.split(' ').map((word) => word.split('=') as [string, string]));
      return {
        ...(facts.has('alpn') && { alpn: facts.get('alpn')! }),
        ...(facts.has('ocsp') && { staple: Number(facts.get('ocsp')) > 0 }),
        ...(facts.has('clean') && { clean: facts.get('clean') === '1' }),
      };
    },
    stop: () => child.stop(),
  };
}

async function answerOf(child: Child, from: () => number): Promise<string> {
  for (let over = false; ; over = await ended(child)) {
    const line = /^(serving|ok|error)\b.*\n/m.exec(child.output().slice(from()));
    if (line !== null) return line[0].trim();
    if (over) throw new Error(`it ended:\n${child.output().slice(-2_000)}`);
  }
}

/** Waits for a moment, or until it has ended. */
function ended(child: Child): Promise<boolean> {
  const moment = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 10));
  return Promise.race([child.exited.then(() => true), moment]);
}

import { describe, expect, it } from 'vitest';
import { accept, connect, createClientContext, createServerContext } from '../src/index.ts';
import * as node from '../src/node/index.ts';
import { memoryPipe } from '../src/pipes/index.ts';

/** A refusal of an option begins where the program gave it. */

const wrong = { anchrs: [] } as never;
const here = /^TlsError: ERR_OPTION: [^\n]*\n {4}at [^\n]*at-caller\.test\.ts/;

describe('the stack of a refused option', () => {
  it.each<[name: string, call: () => unknown]>([
    ['createClientContext', () => createClientContext(wrong)],
    ['createServerContext', () => createServerContext(wrong)],
    ['connect of Node', () => node.connect({ host: 'localhost', port: 1 }, wrong)],
    ['accept of Node', () => node.accept(undefined as never, wrong)],
    ['createServer', () => node.createServer(wrong)],
    ['Agent', () => new node.Agent(wrong)],
    ['connect', () => connect(memoryPipe()[0], wrong)],
    ['accept', () => accept(memoryPipe()[0], wrong)],
  ])('%s', async (_, call) => {
    const error = await new Promise((done) => done(call())).catch((reason: Error) => reason);
    expect((error as Error).stack).toMatch(here);
  });
});

import { EXIT } from '../failure.ts';
import type { Terminal } from '../terminal.ts';
import type { Plan } from './plan.ts';
import { Runtime } from './runtime.ts';
import { Snapshot } from './snapshot.ts';
import { type FromWorker, READY, type ToWorker } from './workers.ts';

/** A worker process: it does what the primary says, and ends when the primary has gone. */
export function runWorker(read: (files: Snapshot) => Plan, terminal: Terminal): Promise<number> {
  const note = (text: string): void => terminal.note(`warifu: worker ${process.pid}: ${text}`);
  let runtime: Runtime | undefined;
  // The primary decides when it is over.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  const answer = (message: FromWorker): void => void process.send?.(message);
  const handle = async (message: ToWorker): Promise<FromWorker> => {
    switch (message.type) {
      case 'apply': {
        const files = new Snapshot(terminal.path, message.files);
        const plan = read(files);
        runtime ??= new Runtime(plan, message.secret, note);
        await runtime.apply(plan, files);
        return {
          id: message.id,
          addresses: runtime.listeners.map(({ name, addresses }) => ({ name, addresses })),
        };
      }
      case 'samples':
        return { id: message.id, samples: runtime?.samples() ?? [], isReady: runtime?.isReady ?? false };
      case 'drain':
        await runtime?.drain(message.milliseconds);
        process.exit(EXIT.ok);
    }
  };
  return new Promise((done) => {
    process.on('message', (message: ToWorker) => {
      handle(message).then(answer, (error: unknown) =>
        answer({ id: message.id, error: error instanceof Error ? error.message : String(error) }),
      );
    });
    answer({ id: READY });
    process.once('disconnect', () => {
      const ended = runtime?.drain(5_000) ?? Promise.resolve();
      ended.then(() => process.exit(EXIT.ok)).catch(() => process.exit(EXIT.failed));
      void done;
    });
  });
}

import { run } from '../suite.ts';

// A page or a worker: posts the answer to the one who asks.
const scope = globalThis as unknown as { suite?: typeof run; postMessage(message: unknown): void; document?: unknown };
if (scope.document === undefined) run().then((outcomes) => scope.postMessage(outcomes));
else scope.suite = run;

import { expect, it } from 'vitest';
import { generated, stale } from '../../scripts/generate-docs.ts';

it('what is made from code is current', () => {
  expect(stale()).toEqual([]);
});

it('the diagrams draw every state', () => {
  const text = generated().get('docs/architecture.md')!;
  for (const state of ['WAIT_SH_RETRIED', 'WAIT_CERT_CR', 'START_RETRIED', 'LATER_WAIT_FINISHED'])
    expect(text).toContain(`--> ${state}`);
});

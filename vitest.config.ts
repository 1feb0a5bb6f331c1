import { defineConfig } from 'vitest/config';

/**
 * `npm run test:fast`: what needs no other program, no network, and little time, so that it runs on every system and while
 * one thinks. All of it takes less than 30 seconds of one core.
 */
const FAST = [
  'test/bytes/**/*.test.ts',
  'test/wire/**/*.test.ts',
  'test/keys/**/*.test.ts',
  'test/record/record.test.ts',
  'test/scripts/{house,layers}.test.ts',
  'test/inspect/**/*.test.ts',
  'test/negative/**/*.test.ts',
  'test/transport/streams.test.ts',
  'test/engine/{key-shares,late,law,law12,limits,options,rules12,suite-order,wiping}.test.ts',
  'test/handshake/{signatures,ssl2-hello,versions}.test.ts',
  'test/resumption/{binding,connect,psk,resume,resume12,stores}.test.ts',
  'test/pki/{checks,names,path,policies,verifier}.test.ts',
];

export default defineConfig(({ mode }) => ({
  test: {
    include: mode === 'fast' ? FAST : ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    setupFiles: ['test/support/equal-bytes.ts'],
    testTimeout: 60_000,
    pool: 'threads',
    isolate: false,
    // Half of the time the tests wait for other programs: no core is kept free.
    maxWorkers: '100%',
    // .ci/run counts what the JSON says.
    reporters: process.env.CI ? ['default', 'json'] : ['default'],
    outputFile: { json: '.cache/vitest.json' },
  },
}));

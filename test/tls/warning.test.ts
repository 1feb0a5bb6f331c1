import { describe, expect, it } from 'vitest';
import { callerOf } from '../../src/tls/warning.ts';

/** Where a program said that it does not insist on a certificate: its own line, wherever ours are. */

describe('the line of the program', () => {
  it.each([
    ['file:///app/node_modules/warifu/dist/tls/warning.js', 'dist/tls/connect.js', 'dist/https/agent.js'],
    [
      'file:///app/node_modules/warifu/dist/bundled/chunks/A.js',
      'dist/bundled/chunks/B.js',
      'dist/bundled/https/index.js',
    ],
    [
      'file:///app/node_modules/warifu/dist/bundled/tls/index.js',
      'dist/bundled/tls/index.js',
      'dist/bundled/chunks/B.js',
    ],
    ['file:///work/warifu/src/tls/warning.ts', 'src/tls/connect.ts', 'src/https/agent.ts'],
  ])('%s', (here, ...own) => {
    const folder = here.slice(0, here.search(/dist|src/));
    const stack = [
      'Error',
      ...own.map((file) => `    at connect (${folder}${file}:7:1)`),
      '    at Agent.createSocket (node:_http_agent:342:26)',
      '    at main (file:///app/server.mjs:3:9)',
    ];
    expect(callerOf(stack.join('\n'), here)).toBe('at main (file:///app/server.mjs:3:9)');
  });
  it('may be none', () => {
    expect(callerOf('Error', 'file:///a/src/tls/warning.ts')).toBe('in a place that the stack does not show');
  });
});

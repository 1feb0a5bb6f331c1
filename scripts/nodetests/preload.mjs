// Of the judge alone: what `warifu/register` does, and our one warning kept from tests that count Node's.
import { createRequire } from 'node:module';
import '../../src/https/register.ts';

const { connect } = createRequire(import.meta.url)('node:tls');
if (connect === process.getBuiltinModule('node:tls').connect) throw new Error("the judge runs with Node's own tls");

const warn = process.emitWarning;
process.emitWarning = (warning, ...rest) => {
  const [options] = rest;
  if (typeof options === 'object' && options !== null && options.code === 'WARIFU_UNVERIFIED') return;
  Reflect.apply(warn, process, [warning, ...rest]);
};

/** The engine, and nothing that has to be given to it. */
export { Engine } from '../../src/engine/engine.ts';

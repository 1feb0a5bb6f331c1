import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entries, isForNode, ROOT } from '../support/entries.ts';
import { command, emptyProject, installInto, link, tools } from './pack.ts';
import { allConsumers } from '../support/thorough.ts';

/**
 * The declarations as a program's compiler reads them, with `skipLibCheck: false`: in projects with and without the types
 * of pages and of Node. All compilers are tried by `npm run test:package`; `npm test` has those that are here anyway.
 */

const installed = allConsumers ? await tools() : { missing: '' };

interface World {
  readonly name: string;
  readonly lib: readonly string[];
  /** The package in which the types of Node are; undefined: they are not there. */
  readonly nodeTypes?: string;
  readonly programs: readonly (keyof typeof PROGRAMS)[];
}

const PAGE = ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'];
const WORLDS: readonly World[] = [
  { name: 'a page', lib: PAGE, programs: ['anywhere', 'page', 'options'] },
  {
    name: 'Node without the types of pages',
    lib: ['es2023'],
    nodeTypes: '@types/node',
    programs: ['anywhere', 'entries', 'node', 'options'],
  },
  {
    name: 'Node with the types of pages',
    lib: PAGE,
    nodeTypes: '@types/node',
    programs: ['anywhere', 'entries', 'node', 'page', 'options'],
  },
];
/** Newer types of Node, which are not ours. */
const NEWER: readonly World[] = ['node-types-24', 'node-types-26'].map((nodeTypes) => ({
  name: `Node without the types of pages, ${nodeTypes}`,
  lib: ['es2023'],
  nodeTypes,
  programs: ['anywhere', 'entries', 'node', 'options'],
}));
/** Engine and types of the core alone need nothing of the world. */
const BARE: World = { name: 'neither', lib: ['es2022'], programs: ['engine'] };

const RESOLUTIONS = [
  ['nodenext', 'nodenext'],
  ['node16', 'node16'],
  ['esnext', 'bundler'],
] as const;

const compilers: readonly { readonly name: string; readonly tsc: string; readonly oldest?: true }[] = [
  { name: 'TypeScript 7', tsc: join(ROOT, 'node_modules/ts7/bin/tsc') },
  ...('folder' in installed
    ? [
        { name: 'TypeScript 6', tsc: join(ROOT, 'node_modules/typescript/bin/tsc') },
        { name: 'TypeScript 5.9', tsc: join(installed.folder, 'node_modules/typescript-5.9/bin/tsc') },
        {
          name: 'TypeScript 5.4',
          tsc: join(installed.folder, 'node_modules/typescript-5.4/bin/tsc'),
          oldest: true as const,
        },
      ]
    : []),
];

if ('missing' in installed && allConsumers) it.skip(`skipped: ${installed.missing}`, () => {});

describe.each(compilers)('$name reads the declarations', ({ tsc, oldest }) => {
  // The oldest cannot read newer types of Node, which say so themselves.
  const worlds = allConsumers && oldest !== true ? [...WORLDS, BARE, ...NEWER] : [...WORLDS, BARE];
  const resolutions = allConsumers ? RESOLUTIONS : RESOLUTIONS.slice(0, 1);
  for (const world of worlds)
    for (const [module, moduleResolution] of NEWER.includes(world) ? resolutions.slice(0, 1) : resolutions)
      it(`in ${world.name}, ${moduleResolution}`, async () => {
        const project = await projectFor(world, module, moduleResolution);
        const complaints = await command(process.execPath, [tsc, '-p', project], project).then(
          () => '',
          (error: Error) => error.message,
        );
        expect(complaints).toBe('');
      }, 120_000);
});

describe('what a compiler complains about', () => {
  it('is seen: a program that is wrong does not compile', async () => {
    const project = await projectFor(WORLDS[0]!, 'nodenext', 'nodenext');
    writeFileSync(join(project, 'wrong.ts'), `import { connect } from 'warifu'; connect(1, 2);`);
    await expect(command(process.execPath, [compilers[0]!.tsc, '-p', project], project)).rejects.toThrow(/wrong\.ts/);
  }, 120_000);
});

/** A program that is compiled in the worlds that have what it needs; nothing of it is run. */
const PROGRAMS = {
  entries: importAll(entries().map(({ specifier }) => specifier)),
  anywhere: importAll(
    entries()
      .filter((entry) => !isForNode(entry))
      .map(({ specifier }) => specifier),
  ),
  engine: importAll(['warifu/engine']),
  page: `
    import { connect } from 'warifu';
    declare const pipe: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> };
    declare const key: CryptoKey;
    const tls = await connect(pipe, { serverName: 'a.example', anchors: '', credential: { certificates: '', privateKey: key } });
    const text: ReadableStream<string> = tls.readable.pipeThrough(new TextDecoderStream());
    const all: Promise<string> = new Response(tls.readable).text();
    const back: Promise<void> = new Blob(['']).stream().pipeTo(tls.writable);
    const again = await connect(tls, { serverName: 'b.example', anchors: '', signal: AbortSignal.timeout(1000) });
    const digest = crypto.subtle.digest('SHA-256', again.exportKey('EXPORTER-a', undefined, 32));
    export { text, all, back, digest };
  `,
  node: `
    import { webcrypto } from 'node:crypto';
    import { connect as dial } from 'node:net';
    import { Duplex } from 'node:stream';
    import { connect } from 'warifu';
    declare const key: webcrypto.CryptoKey;
    const tls = await connect(Duplex.toWeb(dial(443)), { anchors: '', credential: { certificates: '', privateKey: key } });
    export const chunk: Uint8Array | undefined = (await tls.readable.getReader().read()).value;
    export const bytes: Buffer = Buffer.from(tls.exportKey('EXPORTER-a', undefined, 32));
  `,
  options: `
    import { connect, type ConnectOptions } from 'warifu';
    declare const pipe: Parameters<typeof connect>[0];
    declare const signal: AbortSignal | undefined;
    declare const name: string | undefined;
    export const options: ConnectOptions = { serverName: name, anchors: name, signal, alpn: undefined };
    export const tls = connect(pipe, { serverName: name, anchors: '', signal });
  `,
} as const;

async function projectFor(world: World, module: string, moduleResolution: string): Promise<string> {
  const project = emptyProject('types');
  await installInto(project);
  if (world.nodeTypes !== undefined) {
    const base = join('folder' in installed ? installed.folder : ROOT, 'node_modules');
    link(project, '@types/node', join(base, world.nodeTypes));
    link(
      project,
      'undici-types',
      join(base, world.nodeTypes === '@types/node' ? 'undici-types' : `${world.nodeTypes}/node_modules/undici-types`),
    );
  }
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }');
  const options = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    target: 'es2022',
    lib: world.lib,
    types: world.nodeTypes === undefined ? [] : ['node'],
    module,
    moduleResolution,
    pretty: false,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
  for (const program of world.programs) writeFileSync(join(project, `${program}.ts`), PROGRAMS[program]);
  return project;
}

function importAll(specifiers: readonly string[]): string {
  const lines = specifiers.map((specifier, index) => `import * as entry${index} from '${specifier}';`);
  return `${lines.join('\n')}\nexport const all = [${specifiers.map((_, index) => `entry${index}`).join(', ')}];\n`;
}

/** Folders of test/ that are not about one folder of src/, and what they are about. */
const APART: Readonly<Record<string, string>> = {
  bogo: "BoringSSL's tests",
  docs: 'what is written, and the examples in it',
  examples: 'the examples, in projects of their own and with real programs',
  fuzz: 'anything from the network or a file',
  interop: 'every peer there is',
  negative: 'one broken rule at a time, and its alert',
  package: 'the package, packed',
  peers: 'connections of the two roles with real programs',
  runtimes: 'one suite in each runtime',
  scripts: 'the checks of this repository',
  size: 'what bundles weigh',
  soak: 'what is left behind',
  support: 'what tests share',
  tlsfuzzer: "tlsfuzzer's scripts",
};

/**
 * Tests stand where what they test stands: test/x for src/x, test/x.test.ts for src/x.ts. Every breach, as a sentence.
 * @param tests paths below test/
 * @param sources paths below src/
 */
export function checkTests(tests: Iterable<string>, sources: Iterable<string>): string[] {
  const files = new Set(sources);
  const folders = new Set([...files].filter((file) => file.includes('/')).map((file) => file.split('/', 1)[0]!));
  const breaches = new Set<string>();
  const met = new Set<string>();
  for (const test of tests) {
    const [folder, ...rest] = test.split('/');
    if (folder === undefined || !/\.test\.ts$/.test(test)) continue;
    if (rest.length === 0 && !files.has(folder.replace(/\.test\.ts$/, '.ts')))
      breaches.add(`test/${test}: there is no src/${folder.replace(/\.test\.ts$/, '.ts')}`);
    if (rest.length > 0 && !folders.has(folder) && !Object.hasOwn(APART, folder))
      breaches.add(`test/${folder}: there is no src/${folder}, and it is not on the list of scripts/check-tests.ts`);
    if (rest.length > 0) met.add(folder);
  }
  for (const folder of folders)
    if (!met.has(folder)) breaches.add(`src/${folder}: there are no tests in test/${folder}`);
  return [...breaches];
}

import type { Mutant } from './mutant.ts';

/** Secrets are overwritten once they are of no more use, and compared in constant time: SECURITY.md promises it. */
const tests = ['test/engine/wiping.test.ts'];

export const mutants: readonly Mutant[] = [
  {
    name: 'wipe: the shared secret of the key exchange (client)',
    find: 'wipe(secret);\n  for (const { dispose } of data.pskOffers) dispose();',
    replace: 'for (const { dispose } of data.pskOffers) dispose();',
    tests,
  },
  {
    name: 'wipe: the shared secret of the key exchange (server)',
    find: 'wipe(accepted?.secret);',
    file: 'tls13/server/hello.ts',
    tests,
  },
  {
    name: 'wipe: private shares, once the server has chosen',
    find: 'disposeOffers(data.offers);\n  if (!',
    replace: 'if (!',
    tests,
  },
  {
    name: 'wipe: private shares, when the server asks for another',
    find: 'disposeOffers(data.offers);\n  return [',
    replace: 'return [',
    tests: ['test/engine/wiping.test.ts'],
  },
  {
    name: 'wipe: PSKs offered, once the server has chosen',
    find: 'for (const { dispose } of data.pskOffers) dispose();\n\n',
    tests,
  },
  {
    name: 'wipe: the private share of TLS 1.2',
    find: 'offer.dispose();\n        return secret;',
    replace: 'return secret;',
    file: 'key-exchange/ecdhe.ts',
    tests,
  },
  { name: 'wipe: the pre-main secret of TLS 1.2', find: '    wipe(preMain);\n', tests },
  {
    name: 'wipe: the early secret, when the handshake secret is made',
    find: '    this.dispose();\n    return new HandshakeSecrets(',
    replace: '    return new HandshakeSecrets(',
    tests: ['test/keys/stages.test.ts'],
  },
  {
    name: 'wipe: the handshake secret, when the main secret is made',
    find: '    wipe(this.#secret);\n    this.#secret = undefined;\n    return new MainSecrets(',
    replace: '    this.#secret = undefined;\n    return new MainSecrets(',
    tests,
  },
  {
    name: 'wipe: handshake secrets, when connected (client)',
    find: '  schedule.dispose();\n',
    file: 'tls13/client/client-flight.ts',
    tests,
  },
  {
    name: 'wipe: handshake secrets, when connected (server)',
    find: '  schedule.dispose();\n',
    file: 'tls13/server/client-flight.ts',
    tests,
  },
  {
    name: 'wipe: the main secret, when that of resumption is made',
    find: '    wipe(this.#main);\n    this.#main = undefined;\n  }',
    replace: '    this.#main = undefined;\n  }',
    tests,
  },
  { name: 'wipe: the salts between the stages', find: '  wipe(salt);\n', file: 'keys/schedule13.ts', tests },
  {
    name: 'wipe: the key of a Finished',
    find: '  wipe(key);\n  return mac;',
    replace: '  return mac;',
    tests,
  },
  {
    name: 'wipe: the key of a binder',
    find: '    wipe(key);\n    return binder;',
    replace: '    return binder;',
    tests,
  },
  {
    name: 'wipe: the bytes of a traffic key',
    find: '    wipe(key);\n',
    file: 'record/protect13.ts',
    tests,
  },
  { name: 'wipe: keys of TLS 1.2', find: '    wipe(keys.key, keys.iv);\n', tests },
  {
    name: 'wipe: a traffic secret, when the next follows it',
    find: '    wipe(this.#traffic[side]);\n',
    tests: ['test/keys/stages.test.ts'],
  },
  {
    name: 'wipe: keys for reading, when others replace them',
    find: '    this.#protector?.dispose();\n    this.#protector = protector;\n    this.#epoch = epoch;\n    this.#opened',
    replace: '    this.#protector = protector;\n    this.#epoch = epoch;\n    this.#opened',
    tests,
  },
  {
    name: 'wipe: keys for writing, when others replace them',
    find: '    this.#protector?.dispose();\n    this.#protector = protector;\n    this.#epoch = epoch;\n  }',
    replace: '    this.#protector = protector;\n    this.#epoch = epoch;\n  }',
    tests,
  },
  {
    name: 'wipe: the data of the state, at the end',
    find: '    for (const value of Object.values(this.#data)) disposeDeep(value);\n',
    tests,
  },
  { name: 'wipe: what the step that waits had made, at failure', find: '    this.#owned.dispose();\n', tests },
  {
    name: 'wipe: what an answer brings after the end',
    find: '        for (const secret of secretsIn(rule, value)) overwrite(secret);\n        return;\n      }\n      let checked',
    replace: '        return;\n      }\n      let checked',
    tests,
  },
  {
    name: 'wipe: the traffic keys and IVs, when a direction ends (TLS 1.3)',
    find: '    wipe(this.#iv);\n    this.#key.dispose();',
    tests,
  },
  {
    name: 'wipe: the exporter secret of early data',
    find: '    wipe(this.#early?.secret);\n',
    tests: ['test/engine/wiping.test.ts'],
  },
  {
    name: 'wipe: everything, when both sides have ended',
    find: "    this.#events.push({ type: 'end' });\n    if (this.#lifecycle.over) this.#dispose();",
    replace: "    this.#events.push({ type: 'end' });",
    tests,
  },
];

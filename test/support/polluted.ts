/** Runs with these on the prototype of all objects: what an attacker who can write there would have options be. */
export async function polluted<T>(properties: { readonly [name: string]: unknown }, run: () => T): Promise<Awaited<T>> {
  const descriptors = Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, { value, configurable: true, writable: true }]),
  );
  Object.defineProperties(Object.prototype, descriptors);
  try {
    return await run();
  } finally {
    for (const name of Object.keys(properties)) Reflect.deleteProperty(Object.prototype, name);
  }
}

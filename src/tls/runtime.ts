/** Of the runtime's own node:tls, which is not what `node:tls` means where this took its place. */
export function ofNode(name: string): unknown {
  const tls: unknown = process.getBuiltinModule?.('node:tls');
  return typeof tls === 'object' && tls !== null ? Reflect.get(tls, name) : undefined;
}

/** Where it was said first. */
const told: string[] = [];

/** A certificate is not insisted on: says where in the program, once. */
export function warnUnverified(host: string, port: unknown): void {
  if (told.length > 0) return;
  const place = callerOf(new Error().stack ?? '', import.meta.url);
  told.push(place);
  const target = typeof port === 'number' || typeof port === 'string' ? `${host}:${port}` : host;
  process.emitWarning(
    `rejectUnauthorized is false for ${target}, so anyone on the way can read and change what is sent; it was said ${place}`,
    { type: 'SecurityWarning', code: 'WARIFU_UNVERIFIED', detail: 'Give the authority of the server as ca instead.' },
  );
}

/** The first line of a stack that is not ours, nor of Node's inside. @param here the address of this module */
export function callerOf(stack: string, here: string): string {
  const lines = stack.split('\n').slice(1);
  // The sources, or what they were built to; in a bundle for Node this module is in one of the chunks.
  const own = here.replace(/(?:bundled\/)?(?:tls|chunks)\/[^/]*$/, '');
  const line = lines.find((one) => !one.includes(own) && !one.includes('node:'));
  return line?.trim() ?? 'in a place that the stack does not show';
}

/** Where it was said first. */
const told: string[] = [];

/** A certificate is not insisted on: says where in the program, once. */
export function warnUnverified(host: string, port: unknown): void {
  if (told.length > 0) return;
  const place = callerOf(new Error().stack ?? '');
  told.push(place);
  const target = typeof port === 'number' || typeof port === 'string' ? `${host}:${port}` : host;
  process.emitWarning(
    `rejectUnauthorized is false for ${target}, so anyone on the way can read and change what is sent; it was said ${place}`,
    { type: 'SecurityWarning', code: 'WARIFU_UNVERIFIED', detail: 'Give the authority of the server as ca instead.' },
  );
}

/** The first line of a stack that is not ours, nor of Node's inside. */
function callerOf(stack: string): string {
  const lines = stack.split('\n').slice(1);
  // This file, `connect`, and the modules that lead there.
  const own = import.meta.url
    .slice(import.meta.url.lastIndexOf('/', import.meta.url.lastIndexOf('/tls/')) + 1)
    .replace(/warning\.[jt]s.*$/, '');
  const line = lines.find((one) => !one.includes(own) && !one.includes('node:'));
  return line?.trim() ?? 'in a place that the stack does not show';
}

// What the programs of this folder share. Each is given what it needs by scripts/libraries.ts, and imports its library as any
// program does; whose TLS the library gets is decided outside.
import tls from 'node:tls';

/** Throws when two values are not the same, as JSON. */
export function expect(value, wanted) {
  const [found, expected] = [value, wanted].map((one) => JSON.stringify(one));
  if (found !== expected) throw new Error(`expected ${expected}, found ${found}`);
}

/** The call has to fail, and the error or one of its causes to say this: as a code, or in its message. */
export async function refused(wanted, call) {
  const error = await call().then(
    () => undefined,
    (reason) => reason,
  );
  const said = [];
  for (
    let one = error, depth = 0;
    one && depth < 6;
    one = one.cause ?? one.reason ?? one.errors?.[0] ?? one.originalError, depth++
  )
    said.push(String(one.code), String(one.message ?? one));
  if (!said.some((text) => (wanted instanceof RegExp ? wanted.test(text) : text.includes(wanted)))) {
    const found = error === undefined ? 'no refusal' : error.stack;
    throw new Error(`expected to be refused with ${wanted}, found ${found}`);
  }
}

/**
 * Of a chain that ends in a root that is not trusted, whether the root was sent or not: as a code or, where a library keeps
 * only that, as a message.
 */
export const UNKNOWN =
  /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|self-signed certificate in|unable to verify the first|UnknownIssuer/;

/** Is `tls` here ours? Ours refuses this in words of its own. */
export function isOurs() {
  try {
    tls.createSecureContext({ dhparam: Buffer.from('x') });
  } catch (error) {
    return /dhparam.*auto/.test(error.message);
  }
  return false;
}

/** As many of something as asked for. */
export const numbers = (count) => Array.from({ length: count }, (_, n) => n);

/** Fails, instead of waiting for ever. */
export function within(seconds, what, promise) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`${what}: not within ${seconds} s`)), seconds * 1_000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

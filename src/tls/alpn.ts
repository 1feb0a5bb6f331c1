import { coded, viewBytes } from './arguments.ts';

/**
 * Writes protocol names as they are on the wire, each behind its length, into `out.ALPNProtocols`. A Buffer that is that
 * already is copied.
 * @throws RangeError ERR_OUT_OF_RANGE for a name longer than 255 bytes.
 *
 * @example
 * ```ts
 * import { convertALPNProtocols } from 'warifu/tls';
 * const out: { ALPNProtocols?: Buffer } = {};
 * convertALPNProtocols(['h2'], out);
 * out.ALPNProtocols?.toString('latin1'); // '\x02h2'
 * ```
 */
export function convertALPNProtocols(protocols: unknown, out: { ALPNProtocols?: unknown }): void {
  if (Array.isArray(protocols)) out.ALPNProtocols = Buffer.concat(protocols.map(encoded));
  else if (ArrayBuffer.isView(protocols)) out.ALPNProtocols = Buffer.from(viewBytes(protocols));
}

/** The names in either form; undefined: there are none. */
export function readAlpn(protocols: unknown): readonly string[] | undefined {
  if (Array.isArray(protocols)) {
    protocols.forEach(encoded);
    const names = protocols.map((one: unknown) =>
      typeof one === 'string' ? one : Buffer.from(one as Uint8Array).toString(),
    );
    return names.length === 0 ? undefined : names;
  }
  if (!ArrayBuffer.isView(protocols)) return undefined;
  const bytes = Buffer.from(viewBytes(protocols));
  const names: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at] ?? 0;
    if (length === 0 || at + 1 + length > bytes.length)
      throw coded(new TypeError('ALPNProtocols: expected names, each behind its length'), 'ERR_INVALID_ARG_VALUE');
    names.push(bytes.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return names.length === 0 ? undefined : names;
}

function encoded(protocol: unknown, index: number): Buffer {
  const name = typeof protocol === 'string' ? Buffer.from(protocol) : Buffer.from(String(protocol));
  if (name.length > 255)
    throw coded(
      new RangeError(
        `The byte length of the protocol at index ${index} exceeds the maximum length. It must be <= 255. Received ${name.length}`,
      ),
      'ERR_OUT_OF_RANGE',
    );
  return Buffer.concat([Buffer.of(name.length), name]);
}

import { TlsError } from '../errors.ts';
import { TLS_1_3 } from '../wire/ids.ts';
import type { ClientConfig } from './config.ts';
import type { Context } from './context.ts';
import { MAX_CONTENT, readRecordSizeLimit, readRecordSizeLimit12 } from './limits.ts';

/** The server's choice of a protocol: exactly one, and one of ours (RFC 7301 section 3.1). */
export function selectedProtocol(list: readonly string[] | undefined, config: ClientConfig): string | undefined {
  if (list === undefined) return undefined;
  const [protocol] = list;
  if (list.length !== 1 || protocol === undefined)
    throw new TlsError('ERR_SELECTED_ALPN', { detail: `${list.length} protocols`, alert: 50 });
  if (!config.alpn.includes(protocol)) throw new TlsError('ERR_SELECTED_ALPN', { detail: JSON.stringify(protocol) });
  return protocol;
}

/** The server's answer about sizes (RFC 8449 section 4, RFC 6066 section 4): one of the two, never both. */
export function applySizes(
  limit: number | undefined,
  fragmentCode: number | undefined,
  version: 0x0303 | 0x0304,
  context: Context<ClientConfig>,
): void {
  const { config } = context;
  if (limit !== undefined && fragmentCode !== undefined) {
    throw new TlsError('ERR_RECORD_SIZE_LIMIT', { detail: 'together with max_fragment_length' });
  }
  if (limit !== undefined) {
    const tls13 = version === TLS_1_3;
    context.effects.limit('write', tls13 ? readRecordSizeLimit(limit, false) : readRecordSizeLimit12(limit));
    if (config.recordSizeLimit !== undefined) {
      // What we sent counts the type byte when TLS 1.3 was offered; TLS 1.2 has none, and may use it for content.
      const typeByte = !tls13 && config.protocols.some((protocol) => protocol.version === TLS_1_3) ? 1 : 0;
      context.effects.limit('read', Math.min(config.recordSizeLimit + typeByte, MAX_CONTENT));
    }
  }
  if (fragmentCode !== undefined) {
    const bytes = 2 ** (fragmentCode + 8);
    if (bytes !== config.maxFragmentLength) throw new TlsError('ERR_MAX_FRAGMENT_LENGTH', { detail: `${bytes} bytes` });
    context.effects.limit('write', bytes);
    context.effects.limit('read', bytes);
  }
}

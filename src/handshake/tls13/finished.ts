import { equalConstantTime } from '../../bytes/bytes.ts';
import { TlsError } from '../../errors.ts';

/**
 * RFC 9846 section 4.5.3. The length is part of the syntax (section 6.2), the content is what is proved.
 * @throws TlsError ERR_DECODE, ERR_TRAILING_BYTES, ERR_BAD_FINISHED.
 */
export function checkFinished13(verifyData: Uint8Array, expected: Uint8Array): void {
  const detail = `Finished has ${verifyData.length} bytes, not ${expected.length}`;
  if (verifyData.length < expected.length) throw new TlsError('ERR_DECODE', { detail });
  if (verifyData.length > expected.length) throw new TlsError('ERR_TRAILING_BYTES', { detail });
  if (!equalConstantTime(verifyData, expected)) throw new TlsError('ERR_BAD_FINISHED');
}

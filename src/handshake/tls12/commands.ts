import { TlsError } from '../../errors.ts';
import type { MainSecret12 } from '../../keys/schedule12.ts';
import type { Context } from '../context.ts';
import type { Commands } from '../machine.ts';

interface Connected12 {
  readonly main: MainSecret12;
}

/** What an open TLS 1.2 connection can be asked for. */
export const commands12: Commands = {
  updateKeys(): void {
    throw new TlsError('ERR_STATE', { detail: 'TLS 1.2 cannot change its keys' });
  },
  exportKey: (data: Connected12, label: string, context: Uint8Array | undefined, length: number): Uint8Array =>
    data.main.exportKey(label, context, length),
  requestCertificate(_data: Connected12, _context: Context): void {
    throw new TlsError('ERR_STATE', { detail: 'TLS 1.2 asks for a certificate in the handshake only' });
  },
};

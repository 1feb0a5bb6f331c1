import { TlsError } from '../../errors.ts';
import type { MainSecret12 } from '../../keys/schedule12.ts';
import type { Commands } from '../machine.ts';

/** What an open TLS 1.2 connection can be asked for. */
export function commands12({ main }: { readonly main: MainSecret12 }): Commands {
  return {
    updateKeys(): void {
      throw new TlsError('ERR_STATE', { detail: 'TLS 1.2 cannot change its keys' });
    },
    exportKey: (label, context, length) => main.exportKey(label, context, length),
    requestCertificate(): void {
      throw new TlsError('ERR_STATE', { detail: 'TLS 1.2 asks for a certificate in the handshake only' });
    },
  };
}

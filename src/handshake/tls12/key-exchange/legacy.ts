import type { CipherSuite12 } from '../../../crypto/types.ts';
import { Cbc12 } from '../../../record/cbc12.ts';
import type { RecordProtector } from '../../../record/protector.ts';
import type { DirectionKeys, KeySizes } from '../../../keys/schedule12.ts';
import type { Context } from '../../context.ts';
import type { KeyExchange12, Protection12 } from './key-exchange.ts';
import { aeadKeySizes, aeadProtector, ecdhe } from './ecdhe.ts';
import { dhe } from './dhe.ts';
import { rsaTransport } from './rsa.ts';

/** TLS 1.2 with everything that is off: the classic exchange, finite fields, CBC. */
export const legacyExchange12: KeyExchange12 = {
  signed: { ecdhe, dhe },
  transport: rsaTransport,
  encryptThenMac: true,
  keySizes: (suite: CipherSuite12): KeySizes =>
    suite.protection === 'aead' ? aeadKeySizes(suite) : { macKey: suite.mac.size, key: suite.cipher.keyLength, iv: 0 },
  protector: (
    suite: CipherSuite12,
    keys: DirectionKeys,
    { encryptThenMac }: Protection12,
    context: Context,
  ): RecordProtector =>
    suite.protection === 'aead'
      ? aeadProtector(suite, keys)
      : new Cbc12(suite, keys, encryptThenMac, context.crypto.random),
};

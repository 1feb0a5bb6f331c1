import { dhe } from './dhe.ts';
import { ecdhe } from './ecdhe.ts';
import type { KeyExchange12 } from './key-exchange.ts';
import { rsaTransport } from './rsa.ts';

/** TLS 1.2 with everything that is off by default: the RSA key exchange, finite fields, CBC. */
export const legacyExchange12: KeyExchange12 = {
  signed: { ecdhe, dhe },
  transport: rsaTransport,
  encryptThenMac: true,
};

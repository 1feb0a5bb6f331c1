/** A program that names only TLS 1.3, both roles, everything else real. */
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { clientConfig, Engine, serverConfig } from '../../src/engine/index.ts';
import { client13 } from '../../src/protocols.ts';
import { certificateVerifier } from '../../src/pki/index.ts';
import { server13 } from '../../src/protocols.ts';
import { drive } from '../../src/transport/index.ts';

export { certificateVerifier, client13, clientConfig, drive, Engine, nobleProvider, server13, serverConfig };

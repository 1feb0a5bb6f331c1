import type { WebCryptoKey, WebSubtle } from '../web-types.ts';
import { concatAll, wipe } from '../../bytes/bytes.ts';
import { Joint } from '../joint.ts';
import type { Aead, AeadJob, AeadKey, BulkAead } from '../types.ts';
import { providerFault } from '../verification.ts';
import { Pace } from './pace.ts';
import { source } from './subtle.ts';

/**
 * AES-GCM in two lanes, for a provider that is put together: `own` answers at once, WebCrypto what comes in quantity.
 * @example
 * ```ts
 * import { aes128gcm } from 'warifu/crypto/noble';
 * import { webAesGcm } from 'warifu/crypto/webcrypto';
 * webAesGcm(crypto.subtle, aes128gcm).name; // 'AES-128-GCM'
 * ```
 */
export function webAesGcm(subtle: WebSubtle, own: Aead): Aead {
  return webAead(subtle, own, new Pace(subtle, own));
}

/**
 * AES-GCM in two lanes: `own` at once, WebCrypto for batches. The CryptoKey is made with the first batch: most keys of a
 * handshake protect a few hundred bytes.
 */
export function webAead(subtle: WebSubtle, own: Aead, pace: Pace): Aead {
  const joint = new Joint();
  return { ...own, key: (bytes) => withBulk(subtle, own.key(bytes), bytes.slice(), pace, joint) };
}

function withBulk(subtle: WebSubtle, own: AeadKey, raw: Uint8Array, pace: Pace, joint: Joint): AeadKey {
  let imported: Promise<WebCryptoKey> | undefined;
  let disposed = false;
  const key = async (): Promise<WebCryptoKey> => {
    // What is overwritten by now must not be taken for a key.
    if (disposed) throw new Error('the key has been disposed of');
    imported ??= importKey(subtle, raw);
    return imported;
  };
  return {
    ...own,
    bulk: bulkLane(subtle, key, pace, joint),
    dispose: () => {
      disposed = true;
      own.dispose();
      wipe(raw);
    },
  };
}

async function importKey(subtle: WebSubtle, raw: Uint8Array): Promise<WebCryptoKey> {
  const key = await subtle.importKey('raw', source(raw), 'AES-GCM', false, ['encrypt', 'decrypt']);
  wipe(raw);
  return key;
}

function bulkLane(subtle: WebSubtle, key: () => Promise<WebCryptoKey>, pace: Pace, joint: Joint): BulkAead {
  const run = async <T>(work: (ready: WebCryptoKey) => Promise<T>): Promise<T> => {
    try {
      return await work(await key());
    } catch (cause) {
      throw providerFault('webcrypto', 'AES-GCM', cause);
    }
  };
  return {
    get worthwhile() {
      return pace.worthwhile;
    },
    seal: (jobs) =>
      run((ready) =>
        Promise.all(
          jobs.map(async (job) => {
            const encrypt = (text: Uint8Array) => subtle.encrypt(parameters(job), ready, source(text));
            const { data, tail } = job;
            const parts = tail === undefined ? [data] : [data, tail];
            return new Uint8Array(await (pace.copies ? joint.with(parts, encrypt) : encrypt(concatAll(parts))));
          }),
        ),
      ),
    open: (jobs) => run((ready) => Promise.all(jobs.map((job) => open(subtle, ready, job)))),
  };
}

async function open(subtle: WebSubtle, key: WebCryptoKey, job: AeadJob): Promise<Uint8Array | undefined> {
  // Too short to have a tag: asked of WebCrypto it would be a failure like any other.
  if (job.data.length < TAG_LENGTH) return undefined;
  try {
    return new Uint8Array(await subtle.decrypt(parameters(job), key, source(job.data)));
  } catch (reason) {
    // "If decryption results in FAIL, throw an OperationError": a wrong tag and nothing else (WebCrypto section 29.4.2).
    if (isOperationError(reason)) return undefined;
    throw reason;
  }
}

function isOperationError(reason: unknown): boolean {
  return typeof reason === 'object' && reason !== null && 'name' in reason && reason.name === 'OperationError';
}

const TAG_LENGTH = 16;

function parameters({ nonce, additionalData }: AeadJob): AesGcmParams {
  return {
    name: 'AES-GCM',
    iv: source(nonce),
    additionalData: source(additionalData),
    tagLength: 8 * TAG_LENGTH,
  };
}

import { TlsError } from '../errors.ts';
import { type Codec, decode, encode, opaque, struct, u16 } from './codec.ts';
import { isGrease } from './extensions/grease.ts';

/** An extension as it travels (RFC 9846 section 4.3). */
export interface RawExtension {
  readonly type: number;
  readonly data: Uint8Array;
}

export const RawExtension: Codec<RawExtension> = /* @__PURE__ */ struct<RawExtension>('Extension', {
  type: u16,
  data: /* @__PURE__ */ opaque(2, 0, 0xffff),
});

/** The messages that carry extensions. */
export type Carrier =
  | 'ClientHello'
  | 'ServerHello'
  | 'HelloRetryRequest'
  | 'EncryptedExtensions'
  | 'Certificate'
  | 'CertificateRequest'
  | 'NewSessionTicket'
  | 'ServerHello12';

/** An extension: its number, and how its content is written in each message that may carry it. */
export interface Extension<M extends { readonly [C in Carrier]?: unknown }> {
  readonly id: number;
  readonly name: string;
  readonly rfc: string;
  readonly in: { readonly [C in keyof M]: Codec<M[C]> };
}

/** Any extension, when its content does not matter. */
export interface AnyExtension {
  readonly id: number;
  readonly name: string;
  readonly rfc: string;
  // biome-ignore lint/suspicious/noExplicitAny: a codec is invariant, so no other type takes all of them.
  readonly in: { readonly [C in Carrier]?: Codec<any> };
}

/** PSKs have to come last in a ClientHello, because their binders cover all before them (RFC 9846 section 4.3.11). */
const PRE_SHARED_KEY = 41;
/** The one extension a HelloRetryRequest may carry unasked (RFC 9846 section 4.2.4). */
const COOKIE = 44;

/**
 * Reads the extensions of a message. `known` are those this version understands; `offered`, for answers, are the ids we
 * sent. Unknown ones are ignored, but not in an answer: all of it answers something of ours.
 *
 * In one place: duplicates, an answer to what was not asked, an extension in a message that may not carry it, and the
 * order of pre_shared_key. Every extension we understand is decoded here, so nothing malformed waits for later.
 */
export function readExtensions<C extends Carrier>(
  carrier: C,
  raw: readonly RawExtension[],
  known: readonly AnyExtension[],
  rules: { readonly offered?: ReadonlySet<number> } = {},
): ExtensionBlock<C> {
  const values = new Map<number, unknown>();
  const seen = new Set<number>();
  for (const [index, { type, data }] of raw.entries()) {
    const extension = known.find(({ id }) => id === type);
    const name = `${extension?.name ?? `extension ${type}`} in ${carrier}`;
    if (seen.has(type)) throw new TlsError('ERR_DUPLICATE_EXTENSION', { detail: name });
    seen.add(type);
    const unasked = rules.offered !== undefined && isUnasked(type, carrier, rules.offered);
    // RFC 9846 section 4.3. What was never asked for is unsolicited wherever it stands, so that comes first.
    if (unasked) throw new TlsError('ERR_UNSUPPORTED_EXTENSION', { detail: name });
    // We know what we offered: what this version does not know of it, it cannot carry, in any message.
    if (extension === undefined && rules.offered === undefined) continue;
    const codec = extension?.in[carrier];
    if (extension === undefined || codec === undefined) throw new TlsError('ERR_MISPLACED_EXTENSION', { detail: name });
    if (type === PRE_SHARED_KEY && carrier === 'ClientHello' && index !== raw.length - 1)
      throw new TlsError('ERR_EXTENSION_ORDER');
    values.set(type, decode(codec, data, undefined, `${carrier}.${extension.name}`));
  }
  return new ExtensionBlock<C>(carrier, raw, values);
}

/** A GREASE value must not be answered, even where we offered it (RFC 8701 section 3.1). */
function isUnasked(type: number, carrier: Carrier, offered: ReadonlySet<number>): boolean {
  if (carrier === 'HelloRetryRequest' && type === COOKIE) return false;
  return !offered.has(type) || isGrease(type);
}

/** The extensions of one message, decoded. */
export class ExtensionBlock<C extends Carrier> {
  readonly carrier: C;
  readonly raw: readonly RawExtension[];
  readonly #values: ReadonlyMap<number, unknown>;

  constructor(carrier: C, raw: readonly RawExtension[], values: ReadonlyMap<number, unknown>) {
    this.carrier = carrier;
    this.raw = raw;
    this.#values = values;
  }

  /** The content, or undefined when the extension is not there. For one without content, ask {@link has}. */
  get<M extends { readonly [K in Carrier]?: unknown } & { readonly [K in C]: unknown }>(
    extension: Extension<M>,
  ): M[C] | undefined {
    return this.#values.get(extension.id) as M[C] | undefined;
  }

  has(id: number): boolean {
    return this.raw.some(({ type }) => type === id);
  }
}

/** @throws TlsError ERR_LIMIT when the value is outside what the extension can carry. */
export function writeExtension<M extends { readonly [K in Carrier]?: unknown }, C extends keyof M>(
  extension: Extension<M>,
  carrier: C,
  value: M[C],
): RawExtension {
  return { type: extension.id, data: encode(extension.in[carrier], value, `${String(carrier)}.${extension.name}`) };
}

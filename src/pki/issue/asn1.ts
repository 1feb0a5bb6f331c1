import { type AsnType, fromBER, OctetString } from 'asn1js';
import { AlgorithmIdentifier, Extension, RelativeDistinguishedNames, Time, TimeType } from 'pkijs';
import { DerCursor, TAG_SEQUENCE } from '../../bytes/der.ts';
import { derBitString, derSequence } from '../../bytes/der-writer.ts';
import type { ExtensionValue } from './extension-value.ts';

/** Between pkijs, which builds the structures, and the bytes that are signed and read again. */

/** What pkijs makes DER of. */
export interface Structure {
  toSchema(encodeFlag?: boolean): { toBER(): ArrayBuffer };
}

export function encoded(structure: Structure): Uint8Array {
  return new Uint8Array(structure.toSchema(true).toBER());
}

/** DER of our own making, as an object of asn1js. */
export function parsed(der: Uint8Array): AsnType {
  const { offset, result } = fromBER(bufferOf(der));
  if (offset !== der.length) throw new Error(`not one element of DER: ${result.error}`);
  return result;
}

/** The bytes in a buffer that holds nothing else. */
export function bufferOf(bytes: Uint8Array): ArrayBuffer {
  const buffer = new ArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

export function octets(bytes: Uint8Array): OctetString {
  return new OctetString({ valueHex: bufferOf(bytes) });
}

export function algorithmOf(identifier: Uint8Array): AlgorithmIdentifier {
  return new AlgorithmIdentifier({ schema: parsed(identifier) });
}

/** A DER Name. */
export function nameOf(name: Uint8Array): RelativeDistinguishedNames {
  return new RelativeDistinguishedNames({ schema: parsed(name) });
}

/** UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5). Milliseconds since 1970. */
export function timeOf(time: number): Time {
  const value = new Date(time);
  return new Time({ type: value.getUTCFullYear() < 2050 ? TimeType.UTCTime : TimeType.GeneralizedTime, value });
}

export function extensionOf({ oid, critical, value }: ExtensionValue): Extension {
  return new Extension({ extnID: oid, critical, extnValue: bufferOf(value) });
}

/** What a signature is over: the first part of a structure that is not signed yet. */
export function toBeSigned(structure: Structure): Uint8Array {
  const outer = new DerCursor(encoded(structure));
  const { contentStart, end } = outer.element(TAG_SEQUENCE);
  return new DerCursor(outer.bytes, contentStart, end).raw().slice();
}

/** What was signed, with what, and the signature: certificates, requests, lists. */
export function assemble(tbs: Uint8Array, algorithm: Uint8Array, signature: Uint8Array): Uint8Array {
  return derSequence(tbs, algorithm, derBitString(signature));
}

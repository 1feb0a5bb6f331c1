/** One extension, to be written. */
export interface ExtensionValue {
  readonly oid: string;
  readonly critical: boolean;
  /** DER: what stands inside the OCTET STRING. */
  readonly value: Uint8Array;
}

/** Extensions that others wrote: of roots, of the project's vectors, and of any folder with certificates in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { DerError } from '../../src/bytes/der.ts';
import { readCertificate } from '../../src/pki/x509/certificate.ts';
import { readPem } from '../../src/pki/index.ts';
import * as b from '../../vectors/pki/builder.ts';

/** An extension, and what it is called here. */
export interface RealExtension {
  readonly oid: string;
  readonly slot: string;
  /** DER Extension. */
  readonly der: Uint8Array;
}

/** As drafts call theirs, so that a real one takes the place of what would be there. */
const SLOTS: { readonly [oid: string]: string } = {
  '2.5.29.14': 'ski',
  '2.5.29.15': 'ku',
  '2.5.29.17': 'san',
  '2.5.29.19': 'bc',
  '2.5.29.30': 'nc',
  '2.5.29.31': 'cdp',
  '2.5.29.32': 'cp',
  '2.5.29.33': 'pm',
  '2.5.29.35': 'aki',
  '2.5.29.36': 'pc',
  '2.5.29.37': 'eku',
  '2.5.29.54': 'iap',
  '1.3.6.1.5.5.7.1.1': 'aia',
  '1.3.6.1.4.1.11129.2.4.2': 'sct',
  '1.3.6.1.5.5.7.1.24': 'feature',
};
/** Of one kind are many that differ in a host or a key only. */
const MOST_OF_A_KIND = 400;

/** By kind, each once, in an order that is always the same. */
export function realExtensions(folder: string | undefined): ReadonlyMap<string, readonly RealExtension[]> {
  const found = new Map<string, Map<string, RealExtension>>();
  const folders = [
    fileURLToPath(new URL('../../vectors/pki/', import.meta.url)),
    ...(folder === undefined ? [] : [folder]),
  ];
  for (const pem of rootCertificates) collect(readPem(pem)[0]!.der, found);
  for (const one of folders)
    for (const file of readdirSync(one).sort()) {
      if (!/\.json(?:\.gz)?$/.test(file)) continue;
      const bytes = readFileSync(join(one, file));
      for (const der of certificatesIn((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')))
        collect(der, found);
    }
  return new Map([...found].map(([oid, of]) => [oid, [...of.values()]]));
}

/** Every string of a JSON text that may be a certificate. */
function* certificatesIn(text: string): Generator<Uint8Array> {
  for (const [, literal] of text.matchAll(/"(-----BEGIN CERTIFICATE-----[^"]*|MII[A-Za-z0-9+/=]{100,})"/g)) {
    const base64 = literal!.replaceAll(/\\n|-----(?:BEGIN|END) CERTIFICATE-----/g, '');
    yield new Uint8Array(Buffer.from(base64, 'base64'));
  }
}

function collect(der: Uint8Array, found: Map<string, Map<string, RealExtension>>): void {
  try {
    for (const { oid, critical, value } of readCertificate(der).extensions.values()) {
      const kind = found.get(oid) ?? new Map<string, RealExtension>();
      found.set(oid, kind);
      if (kind.size >= MOST_OF_A_KIND) continue;
      const extension = b.extension(oid, critical, value);
      kind.set(Buffer.from(extension).toString('base64'), { oid, slot: SLOTS[oid] ?? `real ${oid}`, der: extension });
    }
  } catch (error) {
    // Not every long string is a certificate.
    if (!(error instanceof DerError)) throw error;
  }
}

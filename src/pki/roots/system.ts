import { ownOf } from '../../bytes/shape.ts';
import type * as NodeFs from 'node:fs';
import type * as NodeTls from 'node:tls';
import { equalBytes } from '../../bytes/bytes.ts';
import { DerError } from '../../bytes/der.ts';
import { TlsError } from '../../errors.ts';
import { readCertificate } from '../x509/certificate.ts';
import { readParts } from '../x509/file-parts.ts';

/** The roots that a machine trusts. */
export interface SystemRoots {
  /** DER, without duplicates: give them as `anchors`. */
  readonly certificates: readonly Uint8Array[];
  /** Where they came from: a file, a folder, "the system's store", "Node's own list". */
  readonly from: string;
  /** Certificates of the store that are not well-formed, and were left out. */
  readonly skipped: number;
}

/** Where the roots of the system are looked for. */
export interface SystemRootsOptions {
  /**
   * `system`: what the machine trusts, else nothing; `node`: the list of Mozilla that comes with Node; `auto` (default):
   * the first of the two that there is.
   */
  readonly source?: 'auto' | 'system' | 'node' | undefined;
  /** Default: `process.env`, of which SSL_CERT_FILE, SSL_CERT_DIR and NODE_EXTRA_CA_CERTS are read. */
  readonly env?: { readonly [name: string]: string | undefined } | undefined;
}

/** Where systems keep their roots in one file: Debian, Alpine; Fedora; openSUSE; OpenELEC; RHEL; macOS and the BSDs. */
const FILES: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/usr/local/share/certs/ca-root-nss.crt',
  '/usr/local/etc/ssl/cert.pem',
];

const FOLDERS: readonly string[] = ['/etc/ssl/certs', '/etc/pki/tls/certs', '/system/etc/security/cacerts'];

/**
 * The roots of this machine: what SSL_CERT_FILE and SSL_CERT_DIR (folders, one or a list as in PATH) name, if one of them
 * is set; the system's store where Node can read it
 * (22.15 and newer); a bundle file in one of the usual places; at last the list that comes with Node. What is in
 * NODE_EXTRA_CA_CERTS is added. Nothing is cached: call it once.
 * @throws TlsError ERR_OPTION when a file that a variable names cannot be read, or there is nothing to trust.
 *
 * @example
 * ```ts
 * import { systemRoots } from 'warifu/node';
 * const { certificates } = systemRoots({ source: 'node' });
 * certificates.length > 100; // true
 * ```
 */
export function systemRoots(options: SystemRootsOptions = {}): SystemRoots {
  options = ownOf(options);
  const env = options.env ?? runtime().process?.env ?? {};
  const source = options.source ?? 'auto';
  if (!['auto', 'system', 'node'].includes(source))
    throw new TlsError('ERR_OPTION', { detail: `source: "${source}" is not one of auto, system, node` });
  const found =
    (source === 'node' ? undefined : (named(env) ?? fromStore() ?? fromFiles() ?? fromFolders())) ??
    (source === 'system' ? undefined : fromNode());
  if (found === undefined)
    throw new TlsError('ERR_OPTION', {
      detail: 'no roots were found on this machine; set SSL_CERT_FILE, or take those of Node',
    });
  const extraFile = env.NODE_EXTRA_CA_CERTS;
  const extra =
    extraFile === undefined || extraFile === '' ? [] : certificatesOf(mustRead('NODE_EXTRA_CA_CERTS', extraFile));
  return checked([...found.ders, ...extra], found.from);
}

interface Found {
  readonly ders: readonly Uint8Array[];
  readonly from: string;
}

/** As OpenSSL has it: the file and the folders, of which there may be several, all count. */
function named(env: { readonly [name: string]: string | undefined }): Found | undefined {
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: list } = env;
  const sources: Found[] = [];
  if (file !== undefined && file !== '')
    sources.push({ ders: certificatesOf(mustRead('SSL_CERT_FILE', file)), from: file });
  if (list !== undefined && list !== '') {
    const folders = list.split(separator()).filter((folder) => folder !== '');
    const found = folders.map(fromFolder).filter((one) => one !== undefined);
    // A folder that is empty is nothing special in a list; that none has anything is a mistake.
    if (found.length === 0)
      throw new TlsError('ERR_OPTION', { detail: `SSL_CERT_DIR: there are no certificates in ${list}` });
    sources.push(...found);
  }
  if (sources.length === 0) return undefined;
  return { ders: sources.flatMap(({ ders }) => ders), from: sources.map(({ from }) => from).join(', ') };
}

function fromStore(): Found | undefined {
  const tls: { readonly getCACertificates?: (type: 'system') => readonly string[] } | undefined = builtin('node:tls');
  const ders = tls?.getCACertificates?.('system').flatMap(certificatesOf) ?? [];
  return ders.length === 0 ? undefined : { ders, from: "the system's store" };
}

function fromFiles(): Found | undefined {
  for (const file of FILES) {
    const ders = certificatesOf(readOr(file, ''));
    if (ders.length > 0) return { ders, from: file };
  }
  return undefined;
}

function fromFolders(): Found | undefined {
  for (const folder of FOLDERS) {
    const found = fromFolder(folder);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fromFolder(folder: string): Found | undefined {
  let names: readonly string[];
  try {
    names = files().readdirSync(folder);
  } catch {
    return undefined;
  }
  const ders = names.flatMap((name) => certificatesOf(readOr(`${folder}/${name}`, '')));
  return ders.length === 0 ? undefined : { ders, from: folder };
}

function fromNode(): Found | undefined {
  const tls = builtin<typeof NodeTls>('node:tls');
  return tls === undefined
    ? undefined
    : { ders: tls.rootCertificates.flatMap(certificatesOf), from: "Node's own list" };
}

/** A store may hold what is broken: one bad block or file in it is no reason to throw away the others. */
function certificatesOf(text: string): readonly Uint8Array[] {
  try {
    return readParts(text, { what: 'roots', kinds: ['certificate'] }).map(({ der }) => der);
  } catch (error) {
    if (error instanceof TlsError) return [];
    throw error;
  }
}

function checked(ders: readonly Uint8Array[], from: string): SystemRoots {
  const certificates: Uint8Array[] = [];
  const seen = new Map<number, Uint8Array[]>();
  let skipped = 0;
  for (const der of ders) {
    const sameSize = seen.get(der.length) ?? [];
    if (sameSize.some((other) => equalBytes(other, der))) continue;
    seen.set(der.length, [...sameSize, der]);
    try {
      readCertificate(der);
      certificates.push(der);
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
      skipped++;
    }
  }
  return { certificates, from, skipped };
}

function mustRead(variable: string, file: string): string {
  let text: string;
  try {
    text = files().readFileSync(file, 'latin1');
  } catch (cause) {
    throw new TlsError('ERR_OPTION', { detail: `${variable}: ${file} cannot be read`, cause });
  }
  if (certificatesOf(text).length === 0)
    throw new TlsError('ERR_OPTION', { detail: `${variable}: there are no certificates in ${file}` });
  return text;
}

function readOr(file: string, otherwise: string): string {
  try {
    return files().readFileSync(file, 'latin1');
  } catch {
    return otherwise;
  }
}

interface Runtime {
  readonly process?: {
    readonly platform?: string;
    readonly env?: { readonly [name: string]: string | undefined };
    readonly getBuiltinModule?: (name: string) => unknown;
  };
}

const runtime = (): Runtime => globalThis as Runtime;

/** Between the folders of a list: as in PATH, which has colons but on Windows. */
function separator(): string {
  return runtime().process?.platform === 'win32' ? ';' : ':';
}

/** A module of Node, Deno or Bun, by a way that no bundler sees; undefined elsewhere. */
function builtin<T>(name: string): T | undefined {
  return runtime().process?.getBuiltinModule?.(name) as T | undefined;
}

/** @throws TlsError ERR_OPTION where there are no files: in pages and most workers. */
function files(): typeof NodeFs {
  const fs = builtin<typeof NodeFs>('node:fs');
  if (fs === undefined)
    throw new TlsError('ERR_OPTION', {
      detail:
        "anchors: there is no store of certificates here that could be read: give the certificates instead of 'system'",
    });
  return fs;
}

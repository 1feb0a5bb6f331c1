import { equalBytes } from '../../bytes/bytes.ts';
import { DerError } from '../../bytes/der.ts';
import { TlsError } from '../../errors.ts';
import { type Crl, readCrl } from './crl.ts';
import { type FileSource, readParts } from '../x509/file-parts.ts';

/**
 * Lists that can be changed while they are in use. Nothing is believed when it is put in, so no list ever takes the
 * place of another by itself: a forged one that says it is newer must not push out the right one.
 *
 * @example
 * ```ts
 * import { CrlStore } from 'warifu/pki';
 * const store = new CrlStore();
 * store.lists.length; // 0
 * ```
 */
export class CrlStore {
  #lists: Crl[] = [];

  /**
   * DER, or PEM text with one or more; an empty array for none yet.
   * @throws TlsError ERR_KEY when one cannot be read or there is none in it (a path, a page, a certificate); then none is
   * added.
   */
  constructor(source: CrlSource = []) {
    this.add(source);
  }

  get lists(): readonly Crl[] {
    return this.#lists;
  }

  /** @throws TlsError ERR_KEY when one cannot be read; then none is added. */
  add(source: CrlSource): void {
    for (const crl of readCrls(source)) {
      if (!this.#lists.some(({ der }) => equalBytes(der, crl.der))) this.#lists = [...this.#lists, crl];
    }
  }

  /** Puts these in the place of all there are. @throws TlsError as the constructor, and then nothing changes. */
  replace(source: CrlSource): void {
    this.#lists = [...readCrls(source)];
  }
}

/** DER, or PEM text with one or more lists. */
export type CrlSource = FileSource;

function readCrls(source: CrlSource): readonly Crl[] {
  const ders =
    Array.isArray(source) && source.length === 0
      ? []
      : readParts(source, { what: 'crls', kinds: ['crl'], strict: true }).map(({ der }) => der);
  return ders.map((der, index) => {
    try {
      return readCrl(der);
    } catch (error) {
      if (error instanceof DerError)
        throw new TlsError('ERR_KEY', { detail: `crls: list ${index}: ${error.message}`, cause: error });
      throw error;
    }
  });
}

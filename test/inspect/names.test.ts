import { describe, expect, it } from 'vitest';
import { Alert } from '../../src/errors.ts';
import { extensionFor } from '../../src/inspect/codecs.ts';
import * as names from '../../src/inspect/names.ts';
import * as ids from '../../src/wire/ids.ts';

describe('names', () => {
  const constants = Object.entries(ids) as [name: string, id: number][];
  const under = (prefix: string): [name: string, id: number][] =>
    constants.filter(([name]) => name.startsWith(prefix)).map(([name, id]) => [name.slice(prefix.length), id]);

  it.each(under('GROUP_'))('group %s', (name, id) => {
    expect(names.groupName(id).toUpperCase()).toBe(name);
  });

  it.each(under('SCHEME_'))('scheme %s', (name, id) => {
    expect(names.schemeName(id).toUpperCase()).toBe(name);
  });

  it.each(under('HANDSHAKE_'))('handshake type %s', (name, id) => {
    expect(names.handshakeTypeName(id).toUpperCase()).toBe(name);
  });

  it.each(under('CONTENT_'))('content type %s', (name, id) => {
    expect(names.contentTypeName(id).toUpperCase()).toBe(name);
  });

  it.each(constants.filter(([name]) => /^TLS_(?!1_)/.test(name)))('suite %s', (name, id) => {
    expect(names.suiteName(id)).toBe(name);
  });

  /** Known by its number, and its content is not read. */
  const unread = ['ENCRYPTED_CLIENT_HELLO'];
  it.each(under('EXTENSION_').filter(([name]) => name !== 'ALPN'))('extension %s', (name, id) => {
    expect(names.extensionName(id).toUpperCase()).toBe(name);
    expect(extensionFor(id)?.name).toBe(unread.includes(name) ? undefined : names.extensionName(id));
  });

  it.each(Object.entries(Alert))('alert %s', (name, id) => {
    const camel = names.alertDescriptionName(id).replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    expect(camel).toBe(name);
  });

  it('are the numbers where there is no name', () => {
    expect(names.suiteName(0x1234)).toBe('0x1234');
    expect(names.groupName(0x0a0a)).toBe('GREASE (0x0a0a)');
    expect(names.handshakeTypeName(77)).toBe('77');
    expect(names.alertDescriptionName(200)).toBe('200');
    expect(names.versionName(0x0304)).toBe('TLS 1.3');
    expect(names.alertLevelName(2)).toBe('fatal');
    expect(names.certificateTypeName(2)).toBe('RawPublicKey');
    expect(names.clientCertificateTypeName(64)).toBe('ecdsa_sign');
    expect(names.compressionName(2)).toBe('brotli');
    expect(names.pskModeName(1)).toBe('psk_dhe_ke');
    expect(names.pointFormatName(0)).toBe('uncompressed');
  });
});

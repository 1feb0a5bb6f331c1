import { describe, expect, it } from 'vitest';
import { derElement } from '../../src/bytes/der-writer.ts';
import { anchorOf } from '../../src/pki/path/anchor.ts';
import { findPath } from '../../src/pki/path/path.ts';
import { revocationChecker } from '../../src/pki/revocation/revocation.ts';
import { defaultRules } from '../../src/pki/path/default-rules.ts';
import {
  caExtensions,
  crldp,
  crlEntry,
  flag,
  idp,
  type Made,
  make,
  makeCrl,
  NOW,
  name,
  provider,
  uriPoint,
} from './revocation-maker.ts';

/** Lists that are signed by one who needs a path, and a list, of its own. */

const root = make('Root');

function judge(leaf: Made, candidates: readonly Made[], crls: readonly Uint8Array[]): string {
  const result = findPath({
    leaf: leaf.certificate,
    candidates: candidates.map(({ certificate }) => certificate),
    anchors: [anchorOf(root.certificate)],
    rules: defaultRules('default', NOW),
    signatures: provider.verifier,
    revocation: revocationChecker({ hash: provider.hash, crls }),
  });
  if ('then' in result) throw new Error('a promise, although nothing had to be waited for');
  return result.ok ? 'good' : result.failure.code;
}

describe('a signer of lists beside the path', () => {
  const signer = make('Root', { issuer: root, serial: 5, extensions: caExtensions(0x02) });
  const leaf = make('Leaf', { issuer: root, serial: 77, extensions: [] });
  const forAuthorities = (...serials: readonly number[]) =>
    makeCrl(root, {
      extensions: [idp(flag(2))],
      ...(serials.length > 0 && { entries: serials.map((n) => crlEntry(n)) }),
    });
  const forOthers = (more = {}) => makeCrl(signer, { extensions: [idp(flag(1))], ...more });

  it('is looked up itself', () => {
    expect(judge(leaf, [signer], [forAuthorities(), forOthers()])).toBe('good');
    expect(judge(leaf, [signer], [forAuthorities(), forOthers({ entries: [crlEntry(77)] })])).toBe('CERT_REVOKED');
    expect(judge(leaf, [signer], [forAuthorities(5), forOthers()])).toBe('CERT_REVOCATION_UNKNOWN');
    expect(judge(leaf, [signer], [forOthers()])).toBe('CERT_REVOCATION_UNKNOWN');
    expect(judge(leaf, [], [forAuthorities(), forOthers()])).toBe('CERT_REVOCATION_UNKNOWN');
  });

  it('needs a path to the same anchor', () => {
    const stranger = make('Stranger');
    const foreign = make('Root', { issuer: stranger, extensions: caExtensions(0x02), key: signer.key });
    expect(judge(leaf, [foreign, stranger], [forAuthorities(), forOthers()])).toBe('CERT_REVOCATION_UNKNOWN');
  });

  it('may speak of itself where its issuer points to its list, and that ends', () => {
    const points = crldp([uriPoint('http://a.example/1'), derElement(0xa2, derElement(0xa4, name('Publisher')))]);
    const publisher = make('Publisher', { issuer: root, serial: 6, extensions: [...caExtensions(0x02), points] });
    const below = make('Leaf', { issuer: root, serial: 77, extensions: [points] });
    const list = (more = {}) =>
      makeCrl(publisher, { extensions: [idp(uriPoint('http://a.example/1'), flag(4))], ...more });
    expect(judge(below, [publisher], [list()])).toBe('good');
  });
});

describe('a path of several', () => {
  const middle = make('Middle', { issuer: root, serial: 4, extensions: caExtensions() });
  const leaf = make('Leaf', { issuer: middle, serial: 77 });

  it('says that the leaf is revoked although nothing is known of what is above it', () => {
    const revoking = makeCrl(middle, { entries: [crlEntry(77)] });
    expect(judge(leaf, [middle], [revoking])).toBe('CERT_REVOKED');
    expect(judge(leaf, [middle], [makeCrl(middle)])).toBe('CERT_REVOCATION_UNKNOWN');
    expect(judge(leaf, [middle], [makeCrl(middle), makeCrl(root)])).toBe('good');
    expect(judge(leaf, [middle], [revoking, makeCrl(root, { entries: [crlEntry(4)] })])).toBe('CERT_REVOKED');
  });
});

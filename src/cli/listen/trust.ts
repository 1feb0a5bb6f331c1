import { toHex, fromAscii } from '../../bytes/bytes.ts';
import type { CryptoProvider } from '../../crypto/types.ts';
import type { PeerVerifier } from '../../handshake/peer.ts';
import { anchorsDigest } from '../../pki/path/anchors-digest.ts';
import { CrlStore } from '../../pki/revocation/crl-store.ts';
import { revocationChecker } from '../../pki/revocation/revocation.ts';
import type { RevocationChecker } from '../../pki/revocation/types.ts';
import { webFetcher } from '../../pki/revocation/web-fetcher.ts';
import { readSpiffeBundle, spiffeVerifier } from '../../pki/verifiers/spiffe.ts';
import { certificateVerifier } from '../../pki/verifiers/verifier.ts';
import { Failure, usage } from '../failure.ts';
import { rulesVerifier } from './identity-rules.ts';
import type { ListenSettings } from './options.ts';
import type { Snapshot } from './snapshot.ts';

/** How clients are judged. */

/**
 * What has to outlive a reload: lists that were fetched. A checker with the same options is used again, and gets its new
 * lists when everything else of the reload is good, too.
 */
export class Revocations {
  readonly #known = new Map<string, { readonly checker: RevocationChecker; readonly store: CrlStore }>();

  /** @param commit is told what to do when the reload is good. */
  checker(
    settings: ListenSettings,
    lists: readonly Uint8Array[],
    crypto: CryptoProvider,
    commit: (act: () => void) => void,
  ): RevocationChecker | undefined {
    const hosts = settings['revocation-hosts'];
    if (lists.length === 0 && hosts.length === 0) return undefined;
    const key = JSON.stringify([
      settings.crl,
      hosts,
      settings['revocation-scope'],
      settings['revocation-missing'],
      settings['revocation-short-lived'],
      settings['revocation-timeout'],
      settings['revocation-keep'],
    ]);
    // Read now, so that a list that cannot be read refuses the reload.
    const fresh = new CrlStore(lists);
    const known = this.#known.get(key);
    if (known !== undefined) {
      commit(() => known.store.replace(lists));
      return known.checker;
    }
    const timeout = settings['revocation-timeout'];
    const checker = revocationChecker({
      hash: crypto.hash,
      crls: fresh,
      scope: settings['revocation-scope'],
      whenMissing: settings['revocation-missing'],
      whenShortLived: settings['revocation-short-lived'],
      ...(hosts.length > 0 && {
        fetch: webFetcher({ fetch: globalThis.fetch, hosts: hosts.includes('any') ? 'any' : hosts }),
        fetchLimits: { timeout, totalTimeout: timeout, maxKept: settings['revocation-keep'] },
      }),
    });
    commit(() => this.#known.set(key, { checker, store: fresh }));
    return checker;
  }
}

/** Undefined: clients are not asked. @throws Failure, TlsError for what cannot be. */
export function clientVerifier(
  settings: ListenSettings,
  files: Snapshot,
  crypto: CryptoProvider,
  revocations: Revocations,
  commit: (act: () => void) => void,
  note: (text: string) => void,
): PeerVerifier | undefined {
  if (settings.auth === 'one-way') return undefined;
  const lists = settings.crl.map((name) => files.read(name));
  const revocation = revocations.checker(settings, lists, crypto, commit);
  const bundles = settings['spiffe-bundle'];
  if (bundles.length > 0 && settings.anchors.length > 0)
    throw usage('spiffe-bundle: not together with anchors, which vouch for every name; write only one of them');
  if (bundles.length === 0 && settings.anchors.length === 0)
    throw usage(
      `anchors: with auth ${settings.auth} they are needed: the certificates of the authorities that issue to clients, such as ca/root.crt`,
    );
  const base =
    bundles.length > 0
      ? spiffeVerifier({
          signatures: crypto.verifier,
          bundles: spiffeBundles(bundles, files),
          accept: () => true,
          ...(revocation !== undefined && { revocation }),
        })
      : anchorsVerifier(settings, files, crypto, revocation, note);
  return rulesVerifier(base, settings, crypto.hash('sha256'));
}

function anchorsVerifier(
  settings: ListenSettings,
  files: Snapshot,
  crypto: CryptoProvider,
  revocation: RevocationChecker | undefined,
  note: (text: string) => void,
): PeerVerifier {
  const anchors = settings.anchors.map((name) => files.read(name));
  const intermediates = settings.intermediates.map((name) => files.read(name));
  const hash = crypto.hash('sha256');
  const rules = [settings.profile, settings['any-purpose'], settings['max-intermediates'], revocation !== undefined];
  const verifier = certificateVerifier({
    anchors,
    intermediates,
    signatures: crypto.verifier,
    profile: settings.profile,
    maxIntermediates: settings['max-intermediates'],
    ...(settings['any-purpose'] && { purposes: 'any' }),
    ...(revocation !== undefined && { revocation }),
    // The same in every worker and after each reload, so that sessions outlive them; revoked clients are found by asking anew.
    policy: `listen ${anchorsDigest(anchors, hash)} ${toHex(hash.digest(fromAscii(JSON.stringify(rules))))}`,
  });
  for (const text of verifier.skippedAnchors) note(text);
  return verifier;
}

function spiffeBundles(
  bundles: readonly string[],
  files: Snapshot,
): { readonly [domain: string]: Uint8Array[] | Uint8Array } {
  const found = new Map<string, Uint8Array[]>();
  for (const text of bundles) {
    const at = text.indexOf('=');
    const domain = text.slice(0, at);
    const name = text.slice(at + 1);
    const bytes = files.read(name);
    const ders = bytes[0] === 0x7b ? readSpiffeBundle(new TextDecoder().decode(bytes)).anchors : [bytes];
    if (ders.length === 0) throw new Failure(`${name}: there is no authority for X.509-SVIDs in it`);
    found.set(domain, [...(found.get(domain) ?? []), ...ders]);
  }
  return Object.fromEntries(found);
}

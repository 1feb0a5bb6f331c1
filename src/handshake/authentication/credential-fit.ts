import { equalBytes, toHex } from '../../bytes/bytes.ts';
import { quoted, quotedList } from '../../bytes/text.ts';
import type { SignatureScheme } from '../../crypto/types.ts';
import type { ClientConfig } from '../config.ts';
import type { Context } from '../context.ts';
import type { Credential, CredentialQuery, CredentialResolver } from '../peer.ts';
import { certificateTypeOf, chooseScheme } from './certificates.ts';

/** Which of several credentials a peer can make most of, and why none of them will do. */

// RFC 5246 ¶7.4.2-14, ¶7.4.4-1, ¶7.4.4-3
// RFC 9846 §4.5.1.2-5
/**
 * Of those that the peer can verify a signature of, the one that fits best; of those that fit alike, the first. What is
 * only wished for (name, authorities, signatures of the certificates) never leaves the peer without an answer.
 */
export function bestCredential(
  credentials: readonly Credential[],
  query: CredentialQuery,
  ours: readonly SignatureScheme[],
): Credential | undefined {
  let best: { readonly credential: Credential; readonly fit: number } | undefined;
  for (const credential of credentials) {
    if (whyImpossible(credential, query, ours) !== undefined) continue;
    const fit = fitOf(credential, query);
    if (best === undefined || fit > best.fit) best = { credential, fit };
  }
  return best?.credential;
}

/** {@link bestCredential} as a resolver that can say why it found none. */
export function resolverOf(
  credentials: () => readonly Credential[],
  ours: () => readonly SignatureScheme[],
): CredentialResolver {
  return Object.assign((query: CredentialQuery) => bestCredential(credentials(), query, ours()), {
    whyNone: (query: CredentialQuery) => whyNone(credentials(), query, ours()),
  });
}

/** A client that shows no certificate says why, in the trace and in what is known of the connection. */
export function reportNone(
  resolver: CredentialResolver | undefined,
  query: CredentialQuery,
  { effects }: Context<ClientConfig>,
): void {
  const text = resolver === undefined ? 'there is no credential' : reasonOf(resolver, query);
  effects.info('noCredential', text);
  effects.note({ by: 'client', text: `no certificate is shown: ${text}` });
}

/** Server: for whom there is no credential, and why. */
export function whyRefused(resolver: CredentialResolver, query: CredentialQuery): string {
  const name = query.serverName === undefined ? 'no server name' : quoted(query.serverName);
  return `${name}; ${reasonOf(resolver, query)}`;
}

/** What a resolver says of its own answer. */
function reasonOf(resolver: CredentialResolver, query: CredentialQuery): string {
  return resolver.whyNone?.(query) ?? 'the function that chooses gave none';
}

/** What the peer asked for, and for each credential why it is none of that: a sentence for people. */
export function whyNone(
  credentials: readonly Credential[],
  query: CredentialQuery,
  ours: readonly SignatureScheme[],
): string {
  const asked = [
    `signatures ${list(query.schemes.map((id) => nameOf(id, ours)))}`,
    ...(query.certificateTypes === undefined ? [] : [`certificate types ${list(query.certificateTypes.map(String))}`]),
    ...(query.authorities.length === 0 ? [] : [`an issuer among ${query.authorities.length} that it names`]),
  ].join(', ');
  const reasons = credentials.map((one, index) => {
    const names = one.hints?.names ?? [];
    const which = names.length === 0 ? `credential ${index + 1}` : `credential ${index + 1} (${quotedList(names, 2)})`;
    return `${which}: ${whyImpossible(one, query, ours) ?? 'it was not chosen'}`;
  });
  return `the peer asked for ${asked}; ${reasons.length === 0 ? 'there is no credential' : reasons.join('; ')}`;
}

/** Does a certificate for this name, which may begin with a wildcard, serve that host (RFC 9525 section 6.3)? */
export function servesName(pattern: string, host: string): boolean {
  const [wanted, name] = [pattern, host].map((text) => text.toLowerCase().replace(/\.$/, ''));
  if (wanted === name) return true;
  if (!wanted!.startsWith('*.')) return false;
  const dot = name!.indexOf('.');
  return dot > 0 && name!.slice(dot) === wanted!.slice(1);
}

/** Undefined: it can be shown. */
function whyImpossible(
  credential: Credential,
  { schemes, version, role, certificateTypes }: CredentialQuery,
  ours: readonly SignatureScheme[],
): string | undefined {
  const type = certificateTypeOf(credential);
  // RFC 5246 ¶7.4.4-2
  if (certificateTypes?.includes(type) === false) return `its certificate is of type ${type}`;
  if (chooseScheme(credential, schemes, ours, version, role) !== undefined) return undefined;
  const { kind } = credential.signer.publicKey;
  return `its key (${kind}) signs with ${list(credential.signer.schemes.map((id) => nameOf(id, ours)))}`;
}

/** The more the better. What cannot be told lies between yes and no. */
function fitOf(credential: Credential, query: CredentialQuery): number {
  const { hints } = credential;
  const { serverName, role, authorities, certificateSchemes } = query;
  // A client's certificate is not for the name of the server.
  const name =
    role === 'client' || serverName === undefined
      ? undefined
      : hints?.names.some((pattern) => servesName(pattern, serverName));
  const issuer =
    authorities.length === 0
      ? undefined
      : hints?.issuers.some((issuer) => authorities.some((authority) => equalBytes(authority, issuer)));
  // RFC 9846 §4.3.3-1: an empty list, or none at all, says nothing.
  const signatures =
    certificateSchemes.length === 0
      ? undefined
      : hints?.signatures.every((ids) => ids.some((id) => certificateSchemes.includes(id)));
  return 9 * grade(name) + 3 * grade(issuer) + grade(signatures);
}

const grade = (answer: boolean | undefined): number => (answer === undefined ? 1 : answer ? 2 : 0);

function nameOf(id: number, ours: readonly SignatureScheme[]): string {
  return ours.find((scheme) => scheme.id === id)?.name ?? `0x${toHex(Uint8Array.of(id >> 8, id & 255))}`;
}

function list(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  return names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more` : names.join(', ');
}

import { toHex } from '../../bytes/bytes.ts';
import type { Hash } from '../../crypto/types.ts';
import type { Rule } from '../../engine/config/rules.ts';
import type { PeerVerifier, PresentedPeer, Verdict } from '../../handshake/peer.ts';
import { identitiesOf } from '../../pki/path/details.ts';
import { type Certificate, extendedKeyUsage, readCertificate } from '../../pki/x509/certificate.ts';
import { runSteps, type Steps, wait } from '../../pki/x509/steps.ts';
import { failureOf, type Finding, isFinding, orMalformed } from '../../pki/x509/verdict.ts';
import { parseSpiffeId } from '../../pki/verifiers/spiffe.ts';
import { explicit, wishesOf } from '../../pki/verifiers/compose.ts';
import { parsed } from './declare.ts';

/** Who is let in, of those that are trusted. */
export interface IdentityRule {
  /** As it was written. */
  readonly text: string;
  fits(client: Identity): boolean;
}

/** What rules are held against. */
interface Identity {
  readonly certificate: Certificate;
  readonly names: ReturnType<typeof identitiesOf>;
  readonly hash: Hash;
}

const KINDS: { readonly [kind: string]: (value: string) => IdentityRule['fits'] | undefined } = {
  dns: (value) => {
    if (!/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(value)) return undefined;
    const wanted = value.toLowerCase();
    return ({ names }) => names.dns.some((name) => isDnsMatch(wanted, name.toLowerCase()));
  },
  email: (value) => {
    const [, local = '', domain = ''] = /^([^@\s]+)@([^@\s]+)$/.exec(value) ?? [];
    if (domain === '') return undefined;
    return ({ names }) =>
      names.emails.some((email) => {
        const at = email.lastIndexOf('@');
        if (email.slice(at + 1).toLowerCase() !== domain.toLowerCase()) return false;
        return local === '*' || email.slice(0, at) === local;
      });
  },
  uri: (value) => {
    if (!/^[a-z][a-z0-9+.-]*:\S+$/i.test(value)) return undefined;
    const beginning = value.endsWith('/*') ? value.slice(0, -1) : undefined;
    return ({ names }) =>
      names.uris.some((uri) => (beginning === undefined ? uri === value : uri.startsWith(beginning)));
  },
  spiffe: (value) => {
    const uri = value.startsWith('//') ? `spiffe:${value}` : `spiffe://${value.replace(/^spiffe:\/\//, '')}`;
    const isBelow = uri.endsWith('/*');
    const wanted = parseSpiffeId(isBelow ? uri.slice(0, -2) : uri);
    if (wanted === undefined) return undefined;
    return ({ names }) => {
      // A certificate with two ids is that of no workload (X509-SVID section 2).
      const [one, ...more] = names.uris.filter((name) => name.startsWith('spiffe:'));
      const id = one === undefined || more.length > 0 ? undefined : parseSpiffeId(one);
      if (id === undefined || id.trustDomain !== wanted.trustDomain || id.path === '') return false;
      if (isBelow) return id.path.startsWith(`${wanted.path}/`);
      return wanted.path === '' || id.path === wanted.path;
    };
  },
  dn: (value) => {
    const wanted = attributesOf(value);
    if (wanted.length === 0 || !wanted.every((one) => /^[A-Za-z0-9.]+=.+$/.test(one))) return undefined;
    return ({ names }) => {
      const there = attributesOf(names.subject);
      return wanted.every((one) => there.includes(one));
    };
  },
  oid: (value) => {
    if (!/^[0-2](\.\d+)+$/.test(value)) return undefined;
    return ({ certificate }) =>
      certificate.extensions.has(value) || (extendedKeyUsage(certificate) ?? []).includes(value);
  },
  pin: (value) => digestRule(value, ({ certificate, hash }) => hash.digest(certificate.spki)),
  cert: (value) => digestRule(value, ({ certificate, hash }) => hash.digest(certificate.der)),
};

/** `dns:*.example.com`, `email:*@example.com`, `uri:…/*`, `spiffe:domain/path`, `dn:O=Example,OU=x`, `oid:…`, `pin:…`, `cert:…` */
export const identityRule: Rule<IdentityRule> = parsed(
  'a rule: dns:NAME, email:ADDRESS, uri:URI, spiffe:DOMAIN/PATH, dn:O=…,OU=…, oid:1.2.3, pin:sha256/…, cert:SHA-256',
  (text) => {
    const [, kind = '', value = ''] = /^([a-z]+):(.+)$/s.exec(text) ?? [];
    const fits = Object.hasOwn(KINDS, kind) ? KINDS[kind]?.(value) : undefined;
    return fits && { text, fits };
  },
);

/** A verifier that takes, of those that another takes, the ones that the rules let in. */
export function rulesVerifier(
  inner: PeerVerifier,
  rules: { readonly allow: readonly IdentityRule[]; readonly deny: readonly IdentityRule[] },
  hash: Hash,
): PeerVerifier {
  if (rules.allow.length + rules.deny.length === 0) return inner;
  const texts = [rules.allow, rules.deny].map((list) => list.map(({ text }) => text));
  return {
    ...wishesOf([inner]),
    get policy() {
      return inner.policy === undefined ? undefined : JSON.stringify([inner.policy, ...texts]);
    },
    verify: (peer) => runSteps(judge(peer, () => inner.verify(peer), rules, hash)),
    recheck: (peer, before) =>
      runSteps(judge(peer, () => inner.recheck?.(peer, before) ?? inner.verify(peer), rules, hash)),
  };
}

function* judge(
  peer: PresentedPeer,
  ask: () => ReturnType<PeerVerifier['verify']>,
  { allow, deny }: { readonly allow: readonly IdentityRule[]; readonly deny: readonly IdentityRule[] },
  hash: Hash,
): Steps<Verdict> {
  const verdict = explicit(yield* wait(ask()));
  const [der] = peer.chain;
  if (!verdict.ok || der === undefined) return verdict;
  const certificate = readCertificate(der);
  const client = orMalformed(
    () => ({ certificate, names: identitiesOf(certificate), hash }),
    'RFC 5280 section 4.2.1.6',
  );
  const finding = isFinding(client) ? client : findingOf(client, allow, deny);
  if (finding === undefined) {
    const rule = allow.find((one) => !isFinding(client) && one.fits(client));
    return rule === undefined ? verdict : { ...verdict, checks: [...(verdict.checks ?? []), `let in by ${rule.text}`] };
  }
  return { ok: false, failure: failureOf(finding, certificate, 0), publicKey: certificate.spki };
}

function findingOf(
  client: Identity,
  allow: readonly IdentityRule[],
  deny: readonly IdentityRule[],
): Finding | undefined {
  const denied = deny.find((rule) => rule.fits(client));
  if (denied !== undefined) {
    return {
      code: 'CERT_REFUSED',
      what: 'it is trusted, and a rule keeps it out',
      expected: `not ${denied.text}`,
      found: namesText(client),
    };
  }
  if (allow.length === 0 || allow.some((rule) => rule.fits(client))) return undefined;
  return {
    code: 'CERT_REFUSED',
    what: 'it is trusted, and no rule lets it in',
    expected: allow
      .slice(0, 5)
      .map(({ text }) => text)
      .join(' or '),
    found: namesText(client),
    advice: 'if it should be let in, add a rule for one of its names',
  };
}

function namesText({ names, certificate, hash }: Identity): string {
  const all = [
    `dn:${names.subject}`,
    ...names.dns.map((name) => `dns:${name}`),
    ...names.emails.map((name) => `email:${name}`),
    ...names.uris.map((name) => (name.startsWith('spiffe://') ? name.replace('spiffe://', 'spiffe:') : `uri:${name}`)),
    `pin:${toHex(hash.digest(certificate.spki))}`,
  ];
  return all.slice(0, 8).join(', ').slice(0, 512);
}

/** `*.` stands for one label, as in certificates. A name of a certificate that is a wildcard is only itself. */
function isDnsMatch(wanted: string, name: string): boolean {
  if (!wanted.startsWith('*.')) return name === wanted;
  const dot = name.indexOf('.');
  return dot > 0 && !name.startsWith('*') && name.slice(dot) === wanted.slice(1);
}

function digestRule(value: string, digest: (client: Identity) => Uint8Array): IdentityRule['fits'] | undefined {
  const base64 = /^(?:sha256\/)?([A-Za-z0-9+/]{43}=)$/.exec(value)?.[1];
  const digits = value
    .replace(/^sha256[/:]/, '')
    .replaceAll(':', '')
    .toLowerCase();
  const wanted = base64 !== undefined ? Buffer.from(base64, 'base64').toString('hex') : digits;
  if (!/^[0-9a-f]{64}$/.test(wanted)) return undefined;
  return (client) => toHex(digest(client)) === wanted;
}

/** The attributes of a name in the form of RFC 4514, whatever their order. */
function attributesOf(name: string): readonly string[] {
  const found: string[] = [];
  let current = '';
  for (let at = 0; at < name.length; at++) {
    const character = name[at] ?? '';
    if (character === '\\') {
      current += character + (name[at + 1] ?? '');
      at++;
    } else if (character === ',' || character === '+') {
      found.push(current.trim());
      current = '';
    } else current += character;
  }
  found.push(current.trim());
  return found.filter((one) => one !== '');
}

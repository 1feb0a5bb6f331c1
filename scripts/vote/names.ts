/** Names of every form below constraints of every form. */
import { fromAscii } from '../../src/bytes/bytes.ts';
import { derElement, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import * as b from '../../vectors/pki/builder.ts';
import { type ChainDraft, HOST, plainChain } from './draft.ts';
import type { Random } from './random.ts';

const HOSTS: readonly string[] = [
  'server.example',
  'www.server.example',
  '*.server.example',
  '*.example',
  'SERVER.EXAMPLE',
  'other.example',
  '*.lan',
  'printer.lan',
  'printer',
  '1.2.3.4',
  'a_b.server.example',
  'xn--bcher-kva.example',
  'server.example.',
  '-a.example',
  'evilserver.example',
  'a b',
  '',
];
const HOST_LIMITS: readonly string[] = [
  'server.example',
  '.server.example',
  'example',
  '.example',
  'www.server.example',
  'other.example',
  'SERVER.example',
  'lan',
  '',
  '*.example',
  'a b',
  'server.example.',
];
const MAILBOXES: readonly string[] = [
  'me@server.example',
  'me@www.server.example',
  'ME@SERVER.example',
  'me@other.example',
  '"a b"@server.example',
  'me@[192.0.2.1]',
  'me@[IPv6:2001:db8::1]',
  'me@printer',
  'me',
  '@server.example',
  'me@',
];
const MAILBOX_LIMITS: readonly string[] = [
  'me@server.example',
  'server.example',
  '.server.example',
  'other.example',
  'me@SERVER.example',
  'printer',
  '',
  'a b',
];
const URIS: readonly string[] = [
  'https://server.example/',
  'https://www.server.example:8443/a',
  'https://me@server.example/',
  'https://other.example/',
  'https://192.0.2.1/',
  'https://[2001:db8::1]/',
  'https://printer/',
  'urn:a:b',
  'spiffe://server.example/a',
  '//[',
];
const URI_LIMITS: readonly string[] = [
  'server.example',
  '.server.example',
  'other.example',
  '.example',
  'printer',
  '',
  'a b',
];
const DIRECTORIES: readonly Uint8Array[] = [
  b.name(['O', 'Vote']),
  b.name(['O', 'Vote'], ['CN', HOST]),
  b.name(['O', 'vote']),
  b.name(['O', 'Vote', 0x13]),
  b.name(['O', 'Other']),
  b.name(['C', 'XX']),
  derSequence(),
];
const ADDRESSES: readonly (readonly number[])[] = [
  [192, 0, 2, 1],
  [192, 0, 2, 200],
  [198, 51, 100, 7],
  [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  [0x20, 1, 0xd, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
];
const NETWORKS: readonly (readonly number[])[] = [
  [192, 0, 2, 0, 255, 255, 255, 0],
  [192, 0, 2, 0, 255, 255, 255, 128],
  [198, 51, 100, 0, 255, 255, 255, 0],
  [0, 0, 0, 0, 0, 0, 0, 0],
  [192, 0, 2, 0, 255, 0, 255, 0],
  [0x20, 1, 0xd, 0xb8, ...new Array<number>(12).fill(0), 255, 255, 255, 255, ...new Array<number>(12).fill(0)],
  [...new Array<number>(32).fill(0)],
  [1, 2, 3],
];

const upn = (value: string): Uint8Array =>
  derElement(0xa0, derOid('1.3.6.1.4.1.311.20.2.3'), derElement(0xa0, derElement(0x0c, fromAscii(value))));

/** A form, the names there are of it, and what they can be limited to. */
const FORMS: {
  readonly [form: string]: { readonly name: (r: Random) => Uint8Array; readonly limit: (r: Random) => Uint8Array };
} = {
  dns: { name: (r) => b.dns(r.pick(HOSTS)), limit: (r) => b.dns(r.pick(HOST_LIMITS)) },
  mailbox: { name: (r) => b.email(r.pick(MAILBOXES)), limit: (r) => b.email(r.pick(MAILBOX_LIMITS)) },
  uri: { name: (r) => b.uri(r.pick(URIS)), limit: (r) => b.uri(r.pick(URI_LIMITS)) },
  address: { name: (r) => b.ip(...r.pick(ADDRESSES)), limit: (r) => b.ip(...r.pick(NETWORKS)) },
  directory: { name: (r) => b.directory(r.pick(DIRECTORIES)), limit: (r) => b.directory(r.pick(DIRECTORIES)) },
  other: { name: () => upn('me@a'), limit: () => upn('me@a') },
  registered: { name: () => b.registeredId('1.2.3.4'), limit: () => b.registeredId('1.2.3') },
};

/** Hosts are what most names are, and most limits. */
const LIKELY: readonly string[] = [
  'dns',
  'dns',
  'dns',
  'address',
  'address',
  'mailbox',
  'uri',
  'directory',
  'other',
  'registered',
];

/** A chain with a few names in the leaf, and limits in one or two of the authorities. */
export function namesChain(random: Random): { readonly chain: ChainDraft; readonly tags: readonly string[] } {
  const chain = plainChain(random, 1 + random.below(2));
  const tags: string[] = [];
  const names = [b.dns(HOST)];
  for (let count = random.below(3); count > 0; count--) {
    const form = random.pick(LIKELY);
    tags.push(`name: ${form}`);
    names.push(FORMS[form]!.name(random));
  }
  if (random.chance(0.1)) {
    names.shift();
    tags.push('name: another host');
  }
  const [leaf, ...authorities] = chain.drafts;
  leaf!.extensions.set('san', b.subjectAltName(random.shuffle(names.length === 0 ? [b.dns(HOST)] : names)));
  if (random.chance(0.3)) {
    leaf!.subject = random.pick([...DIRECTORIES, b.name(['E', random.pick(MAILBOXES)])]);
    tags.push('name: subject');
  }
  for (const authority of random.shuffle(authorities).slice(0, 1 + random.below(2))) {
    const lists: [Uint8Array[], Uint8Array[]] = [[], []];
    for (let count = 1 + random.below(3); count > 0; count--) {
      const form = random.pick(LIKELY);
      const which = random.chance(0.6) ? 0 : 1;
      tags.push(`${which === 0 ? 'permitted' : 'excluded'}: ${form}`);
      lists[which].push(FORMS[form]!.limit(random));
    }
    authority.extensions.set('nc', b.nameConstraints(lists[0], lists[1]));
  }
  return { chain, tags };
}

import { toHex } from '../../bytes/bytes.ts';
import { printable } from '../../bytes/text.ts';
import {
  type Attribute,
  attributeText,
  type GeneralName,
  isOddString,
  latin1,
  nameAttributes,
} from './general-name.ts';
import { ipText } from './ip.ts';

/** Names for people. */

const SHORT_NAMES: { readonly [oid: string]: string } = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/**
 * A Name for people: RFC 4514, most specific first, the whole of it.
 * @example
 * ```ts
 * import { nameText } from 'warifu/pki';
 * import { createAuthority } from 'warifu/pki/issue';
 * const { certificate } = await createAuthority({ subject: { commonName: 'Example Root', organization: 'Example' } });
 * nameText(certificate.subject); // 'CN=Example Root,O=Example'
 * ```
 */
export function nameText(name: Uint8Array): string {
  const rdns = [...nameAttributes(name)].reverse();
  if (rdns.length === 0) return '(no name)';
  return rdns.map((rdn) => rdn.map(attributeForPeople).join('+')).join(',');
}

/** As much of {@link nameText} as a message has room for. */
export function shortNameText(name: Uint8Array): string {
  // What is not shown need not be put into words.
  if (name.length > 4 * MAX_SHOWN) return `(a name of ${name.length} bytes)`;
  return shown(nameText(name));
}

/** A name of any form, as much of it as a message has room for. */
export function generalNameText(name: GeneralName): string {
  switch (name.kind) {
    case 'ip':
      if (name.bytes.length === 8 || name.bytes.length === 32) {
        const size = name.bytes.length / 2;
        return `${ipText(name.bytes.subarray(0, size))}/${ipText(name.bytes.subarray(size))}`;
      }
      return ipText(name.bytes);
    case 'directory':
      return shortNameText(name.name);
    case 'registered-id':
      return name.oid;
    case 'other':
      return 'a name of another form';
    default:
      return JSON.stringify(shown(name.text));
  }
}

const MAX_SHOWN = 256;

/** The beginning of a text that a peer chose; no control character reaches a terminal or a log as it is. */
export function shown(text: string): string {
  const beginning = text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
  return beginning.replace(/\p{Cc}/gu, (c) => `\\${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function attributeForPeople(attribute: Attribute): string {
  return `${SHORT_NAMES[attribute.oid] ?? attribute.oid}=${escapeValue(attribute)}`;
}

function escapeValue(attribute: Attribute): string {
  const text = attributeText(attribute) ?? (isOddString(attribute) ? latin1(attribute.value) : undefined);
  if (text === undefined) return `#${toHex(attribute.value)}`;
  // Control characters, of the terminal or of the direction of writing, never reach a log as they are.
  return printable(
    text.replace(/[,+"\\<>;]/g, (c) => `\\${c}`),
    MAX_VALUE,
  );
}

/** Longest value of a name that is shown whole, in characters. X.520 allows 64 for most. */
const MAX_VALUE = 256;

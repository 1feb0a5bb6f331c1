import type { PeerCertificate } from 'node:tls';
import { printable } from '../bytes/text.ts';
import { type Coded, coded } from './arguments.ts';

/**
 * Does the certificate name this host? As node:tls answers it: by the subject alternative names, and by the common name
 * where there are none (which RFC 9525 no longer allows, and many certificates of private authorities still need).
 * @returns the error, or undefined.
 *
 * @example
 * ```ts
 * import { checkServerIdentity } from 'warifu/tls';
 * const subject = { CN: 'a.example', C: '', ST: '', L: '', O: '', OU: '' };
 * checkServerIdentity('a.example', { subject, subjectaltname: 'DNS:a.example' }); // undefined
 * checkServerIdentity('b.example', { subject, subjectaltname: 'DNS:a.example' })?.code; // 'ERR_TLS_CERT_ALTNAME_INVALID'
 * ```
 */
export function checkServerIdentity(
  hostname: string,
  certificate: Pick<PeerCertificate, 'subject'> & Partial<PeerCertificate>,
): Coded | undefined {
  const host = String(hostname);
  const { subject, subjectaltname } = certificate;
  const names = subjectaltname ? splitNames(subjectaltname) : [];
  const dns = names.filter((name) => name.startsWith('DNS:')).map((name) => name.slice(4));
  const addresses = names.filter((name) => name.startsWith('IP Address:')).map((name) => canonicalIp(name.slice(11)));
  const plain = host.replace(/[.]$/, '');
  const isAddress = canonicalIp(plain) !== undefined;
  if (isAddress) {
    if (addresses.includes(canonicalIp(plain))) return undefined;
    return mismatch(`IP: ${plain} is not in the cert's list: ${addresses.join(', ')}`, plain, certificate);
  }
  const labels = labelsOf(plain);
  if (dns.length > 0 || commonNames(subject).length > 0) {
    if (dns.length > 0) {
      if (dns.some((pattern) => isFor(labels, pattern))) return undefined;
      return mismatch(`Host: ${plain}. is not in the cert's altnames: ${subjectaltname}`, plain, certificate);
    }
    const common = commonNames(subject);
    if (common.some((name) => isFor(labels, name))) return undefined;
    return mismatch(`Host: ${plain}. is not cert's CN: ${common.join()}`, plain, certificate);
  }
  return mismatch('Cert does not contain a DNS name', plain, certificate);
}

/** The error of node:tls for a certificate that names another host. */
function mismatch(why: string, host: string, cert: object): Coded {
  const reason = printable(why);
  return coded(
    new Error(`Hostname/IP does not match certificate's altnames: ${reason}`),
    'ERR_TLS_CERT_ALTNAME_INVALID',
    { reason, host, cert },
  );
}

/** The text of Node has names with a comma between them; those that could be mistaken for two are quoted like JSON. */
function splitNames(text: string): readonly string[] {
  if (!text.includes('"')) return text.split(', ');
  const names: string[] = [];
  let name = '';
  for (let at = 0; at < text.length; ) {
    const comma = text.indexOf(',', at);
    const quote = text.indexOf('"', at);
    if (quote >= 0 && (comma < 0 || quote < comma)) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the strings of JSON.
      const [quoted] = /^"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/.exec(text.slice(quote)) ?? [];
      if (quoted === undefined)
        throw coded(new SyntaxError('Invalid subject alternative name string'), 'ERR_TLS_CERT_ALTNAME_FORMAT');
      name += text.slice(at, quote) + String(JSON.parse(quoted));
      at = quote + quoted.length;
    } else if (comma >= 0) {
      names.push(name + text.slice(at, comma));
      name = '';
      at = comma + 2;
    } else {
      name += text.slice(at);
      at = text.length;
    }
  }
  return [...names, name];
}

function commonNames(subject: unknown): readonly string[] {
  if (typeof subject !== 'object' || subject === null) return [];
  const common: unknown = Reflect.get(subject, 'CN');
  return [common].flat().filter((name) => typeof name === 'string');
}

/** Only A to Z: what else a language calls upper case is not the same in every one. */
function labelsOf(name: string): readonly string[] {
  return name
    .replace(/[.]$/, '')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .split('.');
}

function isFor(host: readonly string[], pattern: string): boolean {
  if (pattern === '') return false;
  const labels = labelsOf(pattern);
  if (labels.length !== host.length || labels.some((label) => label === '' || /[^\u0021-\u007f]/u.test(label)))
    return false;
  if (host.some((label, index) => index > 0 && label !== labels[index])) return false;
  const [first = ''] = host;
  const [wanted = ''] = labels;
  const [before = '', after, more] = wanted.split('*');
  if (after === undefined || wanted.includes('xn--')) return first === wanted;
  // One asterisk, and not right below a name that anyone can have a name under.
  if (more !== undefined || labels.length <= 2) return false;
  return first.length >= before.length + after.length && first.startsWith(before) && first.endsWith(after);
}

/** An address in the one way to write it; undefined: it is none. */
function canonicalIp(text: string): string | undefined {
  if (/^(\d{1,3}\.){3}\d{1,3}$/.test(text)) {
    const bytes = text.split('.').map(Number);
    return bytes.every((byte) => byte < 256) ? bytes.join('.') : undefined;
  }
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !text.includes(':')) return undefined;
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1);
  } catch {
    return undefined;
  }
}

/** Hosts and paths as servers may read them. */

/** A target has no fragment (RFC 9112 section 3.2): some servers end the path there, and others do not. */
const NOT_IN_TARGET = /[^!-~]|#/;

/** The path and query of a request's target; undefined: it has none, or cannot be one. */
export function targetPath(target: string): string | undefined {
  if (target.startsWith('/')) return NOT_IN_TARGET.test(target) ? undefined : target;
  if (target === '*') return '*';
  const [, rest] = /^https?:\/\/[^/?#]*(.*)$/i.exec(target) ?? [];
  if (rest === undefined || NOT_IN_TARGET.test(rest)) return undefined;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/**
 * Is it one of these paths, or below one, in any of the ways in which a server may read it? Percent-encoding, even twice,
 * `..` that are followed or not, `//`, backslashes, parameters, upper case, what stands behind a zero byte, and dots and
 * spaces at the end of a part lead around no rule.
 */
export function isBelow(target: string, paths: readonly string[]): boolean {
  if (paths.length === 0) return false;
  const wanted = paths.map((path) => plain(path));
  let current = target.replace(/\?.*$/s, '');
  for (let round = 0; round < 4; round++) {
    const forms = [
      current,
      current.replace(/;[^/]*/g, ''),
      current.replace(/\0.*$/s, ''),
      current.replace(/[?#].*$/s, ''),
    ].flatMap((form) => [plain(form), plain(form, false)]);
    if (forms.some((form) => wanted.some((path) => form === path || form.startsWith(path === '/' ? '/' : `${path}/`))))
      return true;
    const decoded = decoded1(current);
    // What cannot be decoded may be anything.
    if (decoded === undefined) return true;
    if (decoded === current) return false;
    current = decoded;
  }
  return true;
}

function decoded1(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** Dots and blanks, which file systems do not look at there. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those that a server may cut off.
const ENDS_IN_NOTHING = /[.\s\0-\x1f\x7f]+$/;

/** @param climbs a part `..` takes away the one in front of it. */
function plain(path: string, climbs: boolean = true): string {
  const parts: string[] = [];
  for (const part of path.replaceAll('\\', '/').toLowerCase().split('/')) {
    if (part === '..' && climbs) parts.pop();
    else {
      const name = part.replace(ENDS_IN_NOTHING, '');
      if (name !== '') parts.push(name);
    }
  }
  return `/${parts.join('/')}`;
}

/** One host, of characters that a host has; undefined: there is none, or more than one. */
export function hostOf(request: { readonly rawHeaders: readonly string[] }): string | undefined {
  const raw = request.rawHeaders;
  const hosts: string[] = [];
  const authorities: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]?.toLowerCase();
    if (name === 'host') hosts.push(raw[at + 1] ?? '');
    if (name === ':authority') authorities.push(raw[at + 1] ?? '');
  }
  const all = [...new Set([...authorities, ...hosts])];
  const [host] = all;
  return all.length === 1 && host !== undefined && /^[A-Za-z0-9._~%!$&'()*+,;=:[\]-]{1,255}$/.test(host)
    ? host
    : undefined;
}

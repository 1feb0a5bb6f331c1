import { isIP } from 'node:net';
import { quoted } from '../../bytes/text.ts';
import { usage } from '../failure.ts';

/** Where to connect to. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** `host`, `host:port`, `[address]:port`, or an address of the web, of which host and port are taken. @throws Failure */
export function readTarget(text: string, defaultPort: number): Target {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text);
  const whole = url === null ? text : text.slice(url[0].length).replace(/[/?#].*$/, '');
  // A bare IPv6 address has colons of its own.
  if (isIP(whole) === 6) return { host: whole, port: defaultPort };
  const parts = /^(?:\[([^\]]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(whole);
  const host = (parts?.[1] ?? parts?.[2])?.replace(/\.$/, '');
  const port = parts?.[3] === undefined ? defaultPort : Number(parts[3]);
  if (host === undefined || host === '' || (parts?.[1] !== undefined && isIP(host) !== 6) || port < 1 || port > 65_535)
    throw usage(`${quoted(text)} is no HOST[:PORT]; for example example.com, example.com:8443, [2001:db8::1]:443`);
  return { host, port };
}

/** As it is written: `[::1]:443`. */
export function targetText({ host, port }: Target): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

import { usage } from '../failure.ts';
import { memberPath } from './json.ts';
import { namesGiven, readConfig, readSettings, type Source, sourceOfFlags, sourceWithin } from './config.ts';
import { BY_NAME, LISTEN_OPTIONS, type ListenSettings } from './options.ts';
import type { Where } from './places.ts';
import type { Snapshot } from './snapshot.ts';

/** What a process is to do: from flags and a config file. */

export interface ListenerPlan {
  readonly name: string;
  readonly settings: ListenSettings;
  readonly byName: ReadonlyMap<string, ListenSettings>;
  readonly addresses: readonly Where[];
}

export interface Plan {
  /** Options of the process. */
  readonly settings: ListenSettings;
  readonly listeners: readonly ListenerPlan[];
}

const LISTENERS = 'listeners';

/**
 * Reads everything and holds it against each other.
 * @throws Failure with file, line and column.
 */
export function readPlan(
  flags: { readonly [name: string]: unknown },
  configFile: string | undefined,
  files: Snapshot,
): Plan {
  const given = sourceOfFlags(flags);
  if (configFile === undefined) return planOf([given], undefined);
  const config = readConfig(configFile, files);
  return planOf([config, given], config);
}

function planOf(sources: readonly Source[], config: Source | undefined): Plan {
  const top = readSettings(LISTEN_OPTIONS, sources, [LISTENERS]);
  const listed = config?.values[LISTENERS];
  if (listed === undefined) return checked({ settings: top, listeners: [listenerOf(top, sources, sources)] }, sources);
  const where = config?.where(LISTENERS) ?? '';
  if (!Array.isArray(listed) || listed.length === 0)
    throw usage(`${where}${LISTENERS}: a list of objects with options is expected`);
  const listeners = listed.map((one: unknown, index) => {
    const own = config && sourceWithin(config, `${LISTENERS}[${index}]`, one);
    if (own === undefined) throw usage(`${LISTENERS}: a list of objects with options is expected`);
    for (const [name, { isGlobal }] of Object.entries(LISTEN_OPTIONS))
      if (isGlobal && Object.hasOwn(own.values, name))
        throw usage(
          `${own.where(memberPath(own.path, name))}${memberPath(own.path, name)}: it is for the whole process; write it beside ${LISTENERS}`,
        );
    const [first, ...rest] = sources;
    const all = first === undefined ? [own] : [first, own, ...rest];
    return listenerOf(readSettings(LISTEN_OPTIONS, all, [LISTENERS]), all, [own, ...rest]);
  });
  const names = listeners.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw usage(`${where}${LISTENERS}: two of them are called ${twice}; write name`);
  return checked({ settings: top, listeners }, sources);
}

/** @param own those that speak of this listener alone: what they say has to mean something. */
function listenerOf(settings: ListenSettings, sources: readonly Source[], own: readonly Source[]): ListenerPlan {
  const port = settings.port ?? 443;
  const addresses: readonly Where[] =
    settings.address.length === 0
      ? [{ text: `:${port}`, host: undefined, port, path: undefined }]
      : settings.address.map((where) =>
          where.path === undefined && where.port === undefined ? withPort(where, port) : where,
        );
  const name = settings.name ?? addresses[0]?.text ?? '';
  checkTogether(settings, namesGiven(own), (option) => whereOf(sources, option));
  const byName = new Map<string, ListenSettings>();
  const source = [...sources].reverse().find(({ values }) => values.names !== undefined);
  for (const [server, value] of Object.entries(settings.names)) {
    if (source === undefined) break;
    const special = sourceWithin(source, memberPath('names', server), value);
    for (const option of Object.keys(special.values))
      if (!BY_NAME.some((one) => one === option))
        throw usage(
          `${special.where(memberPath(special.path, option))}${memberPath(special.path, option)}: it is not for one name; there are ${BY_NAME.join(', ')}`,
        );
    byName.set(server, readSettings(LISTEN_OPTIONS, [...sources, special], [LISTENERS]));
  }
  return { name, settings: { ...settings, name }, byName, addresses };
}

function withPort(where: Where, port: number): Where {
  const host = where.host ?? '';
  return { ...where, text: `${host.includes(':') ? `[${host}]` : host}:${port}`, port };
}

function whereOf(sources: readonly Source[], option: string): string {
  const source = [...sources].reverse().find(({ values }) => Object.hasOwn(values, option));
  if (source === undefined) return '';
  const path = source.path === '' ? option : memberPath(source.path, option);
  const place = source.where(path);
  return place === '' ? '--' : place;
}

const ONLY_HTTP: readonly (keyof ListenSettings)[] = [
  'to-protocol',
  'client-headers',
  'trust-forwarded',
  'hsts',
  'redirect-from',
  'require-for',
  'header-timeout',
  'body-timeout',
  'response-timeout',
  'max-header-size',
  'keep-alive',
];
const ONLY_TCP: readonly (keyof ListenSettings)[] = ['proxy-out', 'idle-timeout'];
const ONLY_ASKED: readonly (keyof ListenSettings)[] = [
  'anchors',
  'intermediates',
  'advertise',
  'profile',
  'any-purpose',
  'max-intermediates',
  'allow',
  'deny',
  'spiffe-bundle',
  'crl',
  'revocation-hosts',
];

/** No option is ignored: one that does nothing beside the others is refused. */
function checkTogether(settings: ListenSettings, given: ReadonlySet<string>, where: (option: string) => string): void {
  const refuse = (option: keyof ListenSettings, why: string): never => {
    throw usage(`${where(option)}${option}: ${why}`);
  };
  if (settings.to.length === 0)
    throw usage('to: it is needed: the servers behind the listener, such as --to 127.0.0.1:8080');
  for (const option of settings.http ? ONLY_TCP : ONLY_HTTP)
    if (given.has(option))
      refuse(
        option,
        settings.http ? 'it is for TCP listeners, and this one has http' : 'it is for HTTP listeners; write http too',
      );
  const asksByName = Object.values(settings.names).some((one) => JSON.stringify(one).includes('"auth"'));
  if (settings.auth === 'one-way' && !asksByName)
    for (const option of ONLY_ASKED)
      if (given.has(option))
        refuse(
          option,
          'with auth one-way clients are not asked for a certificate; write auth: require, optional or request',
        );
  if (settings.health !== 'http' && given.has('health-path')) refuse('health-path', 'it goes with health: http');
  if (settings['proxy-in'] === 'off' && given.has('proxy-from')) refuse('proxy-from', 'it goes with proxy-in');
  if (settings.tickets === 'off' && given.has('ticket-lifetime')) refuse('ticket-lifetime', 'tickets are off');
  if (settings['require-for'].length > 0 && settings.auth !== 'request' && settings.auth !== 'optional')
    refuse('require-for', 'it goes with auth: request or optional; with require a certificate is needed everywhere');
  const offered = settings.versions;
  if (settings.policy === 'strict2026' && offered.includes('1.2'))
    refuse('versions', 'the policy strict2026 has TLS 1.3 alone; write another policy, or leave versions out');
  const formats = settings['client-headers'];
  if (formats.includes('none') && formats.length > 1) refuse('client-headers', 'none goes with no other');
}

/** What can only be seen with all listeners at hand. */
function checked(plan: Plan, sources: readonly Source[]): Plan {
  const seen = new Set<string>();
  for (const { addresses, settings } of plan.listeners) {
    for (const { text, port, path } of [...addresses, ...settings['redirect-from']]) {
      if (seen.has(path ?? text) && port !== 0)
        throw usage(`${whereOf(sources, 'address')}address: ${text} is there twice`);
      seen.add(path ?? text);
    }
  }
  const { settings } = plan;
  if (settings['ticket-redis'] !== undefined && settings['ticket-secret-file'] !== undefined)
    throw usage('ticket-redis: not together with ticket-secret-file; write only one of them');
  return plan;
}

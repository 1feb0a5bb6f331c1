const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time as people write it: `10s`, `500ms`, `5m`, `2h`, `1d`, or a number of seconds. In milliseconds; undefined: it is none. */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? Math.round(value * 1_000) : undefined;
  const [, digits, unit = 's'] =
    (typeof value === 'string' && /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(value)) || [];
  return digits === undefined ? undefined : Math.round(Number(digits) * (UNITS[unit] ?? 1_000));
}

/** A number of bytes: `65536`, `64k`, `1m`; undefined: it is none. */
export function parseSize(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? value : undefined;
  const [, digits, unit = ''] = (typeof value === 'string' && /^(\d{1,10})([km]?)$/i.exec(value)) || [];
  if (digits === undefined) return undefined;
  return Number(digits) * (unit === '' ? 1 : unit.toLowerCase() === 'k' ? 1_024 : 1_048_576);
}

/** Counters and gauges for Prometheus, of one process or of all workers together. */

/** One value with its labels. */
export interface Sample {
  readonly name: string;
  readonly labels: { readonly [name: string]: string };
  readonly value: number;
}

/** What the names of samples stand for. Of workers, `sum` is added up, and of `last` the largest counts. */
const KNOWN: {
  readonly [name: string]: { readonly kind: 'counter' | 'gauge'; readonly join: 'sum' | 'last'; readonly help: string };
} = {
  warifu_connections_total: { kind: 'counter', join: 'sum', help: 'Connections that were taken.' },
  warifu_connections_open: {
    kind: 'gauge',
    join: 'sum',
    help: 'Connections that are open, in a handshake or after it.',
  },
  warifu_handshakes_open: { kind: 'gauge', join: 'sum', help: 'Handshakes that are under way.' },
  warifu_dropped_total: { kind: 'counter', join: 'sum', help: 'Connections that a limit closed, by limit.' },
  warifu_handshakes_total: { kind: 'counter', join: 'sum', help: 'Handshakes that were done, by what was agreed on.' },
  warifu_refused_total: { kind: 'counter', join: 'sum', help: 'Handshakes that failed, by reason.' },
  warifu_client_certificates_total: { kind: 'counter', join: 'sum', help: 'Verdicts on client certificates.' },
  warifu_received_bytes_total: { kind: 'counter', join: 'sum', help: 'Bytes of plaintext from clients.' },
  warifu_sent_bytes_total: { kind: 'counter', join: 'sum', help: 'Bytes of plaintext to clients.' },
  warifu_requests_total: { kind: 'counter', join: 'sum', help: 'HTTP requests, by status.' },
  warifu_server_healthy: { kind: 'gauge', join: 'last', help: '1: the server gets connections.' },
  warifu_server_active: { kind: 'gauge', join: 'sum', help: 'Connections or requests that a server has.' },
  warifu_server_connections_total: {
    kind: 'counter',
    join: 'sum',
    help: 'Connections or requests that a server was given.',
  },
  warifu_server_failures_total: { kind: 'counter', join: 'sum', help: 'Connections to a server that failed.' },
  warifu_certificate_expires_seconds: {
    kind: 'gauge',
    join: 'last',
    help: 'When a certificate of ours expires, in seconds since 1970.',
  },
  warifu_reloads_total: { kind: 'counter', join: 'last', help: 'Reloads, by outcome.' },
  warifu_workers: { kind: 'gauge', join: 'last', help: 'Worker processes.' },
  warifu_worker_restarts_total: { kind: 'counter', join: 'last', help: 'Workers that ended and were started anew.' },
  warifu_resident_bytes: { kind: 'gauge', join: 'sum', help: 'Memory of the processes.' },
};

/** Counts. */
export class Metrics {
  readonly #counts = new Map<string, { readonly sample: Omit<Sample, 'value'>; value: number }>();
  /** Asked when samples are wanted. */
  readonly #gauges = new Set<() => readonly Sample[]>();

  add(name: string, labels: { readonly [name: string]: string } = {}, value: number = 1): void {
    const key = keyOf(name, labels);
    const known = this.#counts.get(key);
    if (known !== undefined) known.value += value;
    // What clients choose is never a label; so there are not many.
    else this.#counts.set(key, { sample: { name, labels }, value });
  }

  gauge(read: () => readonly Sample[]): void {
    this.#gauges.add(read);
  }

  samples(): readonly Sample[] {
    const counted = [...this.#counts.values()].map(({ sample, value }) => ({ ...sample, value }));
    return [...counted, ...[...this.#gauges].flatMap((read) => read())];
  }
}

/** Those of several processes as one. */
export function joinSamples(all: readonly (readonly Sample[])[]): readonly Sample[] {
  const joined = new Map<string, Sample>();
  for (const sample of all.flat()) {
    const key = keyOf(sample.name, sample.labels);
    const before = joined.get(key);
    const isLast = KNOWN[sample.name]?.join === 'last';
    const value =
      before === undefined ? sample.value : isLast ? Math.max(before.value, sample.value) : before.value + sample.value;
    joined.set(key, { ...sample, value });
  }
  return [...joined.values()];
}

/** The text format of Prometheus. */
export function prometheusText(samples: readonly Sample[]): string {
  const lines: string[] = [];
  for (const [name, { kind, help }] of Object.entries(KNOWN)) {
    const own = samples.filter((sample) => sample.name === name);
    if (own.length === 0) continue;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`);
    for (const { labels, value } of own) {
      const text = Object.entries(labels)
        .map(([label, content]) => `${label}="${content.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))}"`)
        .join(',');
      lines.push(`${name}${text === '' ? '' : `{${text}}`} ${value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function keyOf(name: string, labels: { readonly [name: string]: string }): string {
  return `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
}

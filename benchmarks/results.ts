import type { Figures } from './browser.ts';

/** What a run of the benchmarks found, as it is kept. */
export interface Results {
  readonly node: string;
  readonly cpu: string;
  /** Of the machine over the last five minutes: what the figures are worth. */
  readonly load: number;
  readonly rounds: number;
  readonly handshakes: number;
  readonly megabytes: number;
  readonly rows: readonly { readonly what: string; readonly unit: string; readonly contended: readonly Contended[] }[];
  readonly imports?: readonly { readonly what: string; readonly cpu: number }[];
  readonly bursts?: readonly {
    readonly name: string;
    readonly count: number;
    readonly total: number;
    readonly stop: number;
  }[];
  readonly memory?: readonly { readonly what: string; readonly heap: number }[];
  readonly browser?: Figures & { readonly browser: string };
}

export interface Contended {
  readonly name: string;
  readonly rate: number;
  readonly cpu: number;
  /** To node:tls, the median of the ratios within a round. */
  readonly cpuRatio: number;
}

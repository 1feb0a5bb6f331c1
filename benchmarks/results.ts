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
    readonly stopCpu?: number | undefined;
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

/** What a run of handshakes.ts found. */
export interface HandshakeResults {
  readonly node: string;
  /** Of the machine over the last five minutes. */
  readonly load: number;
  readonly rounds: number;
  readonly rows: readonly HandshakeRow[];
}

export interface HandshakeRow {
  readonly what: string;
  readonly costs: readonly {
    /** Handshakes of this process before those that were measured. */
    readonly after: number;
    /** CPU milliseconds of node:tls. */
    readonly theirs: number;
    readonly ours: number;
    /** The median of the ratios within a round. */
    readonly ratio: number;
  }[];
}

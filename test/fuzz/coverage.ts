import { Session } from 'node:inspector';

/** Which places of the library have been reached, as V8 counts them. */
export interface Coverage {
  /** Places reached since the last call that had never been reached before. */
  news(): number;
  /** All of them. */
  readonly places: number;
  close(): void;
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** @param folder a part of the addresses of the files that count. */
export function startCoverage(folder: string): Coverage {
  const session = new Session();
  session.connect();
  const post = (method: string, parameters: object = {}): unknown => {
    let result: unknown;
    session.post(method, parameters, (error, value) => {
      if (error !== null) throw error;
      result = value;
    });
    return result;
  };
  post('Profiler.enable');
  // Without counts V8 tells of a place only once, which is all that is asked here, and costs less.
  post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  const seen = new Set<string>();
  /** Of each function that was reached: what of it was not, as far as was looked at. */
  const missed = new Map<string, Range[]>();
  return {
    get places() {
      return seen.size;
    },
    news: () => {
      const reached = seen.size;
      const { result } = post('Profiler.takePreciseCoverage') as {
        readonly result: readonly {
          readonly url: string;
          readonly functions: readonly { readonly ranges: readonly Range[] }[];
        }[];
      };
      for (const { url, functions } of result) {
        if (!url.includes(folder)) continue;
        const file = url.slice(url.indexOf(folder) + folder.length);
        for (const { ranges } of functions) {
          const [whole] = ranges;
          if (whole === undefined || whole.count === 0) continue;
          const name = `${file}:${whole.startOffset}-${whole.endOffset}`;
          seen.add(name);
          // V8 lists what was skipped inside of a function; what was reached shows by not being listed any more.
          const zeros = ranges.filter(({ count }) => count === 0);
          const known = missed.get(name);
          const left = (known ?? []).filter((range) => {
            if (zeros.some((zero) => zero.startOffset <= range.startOffset && zero.endOffset >= range.endOffset))
              return true;
            seen.add(`${name}/${range.startOffset}-${range.endOffset}`);
            return false;
          });
          // A count is of the time since the last look: what is zero now has been reached before, unless it lies in what
          // was missed until now, or not looked at yet.
          const before = known ?? [whole];
          for (const zero of zeros) {
            const same = ({ startOffset, endOffset }: Range): boolean =>
              startOffset === zero.startOffset && endOffset === zero.endOffset;
            const within = ({ startOffset, endOffset }: Range): boolean =>
              startOffset <= zero.startOffset && endOffset >= zero.endOffset;
            if (!left.some(same) && before.some(within)) left.push(zero);
          }
          missed.set(name, left);
        }
      }
      return seen.size - reached;
    },
    close: () => session.disconnect(),
  };
}

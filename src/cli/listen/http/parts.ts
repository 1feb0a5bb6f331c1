import type { Client } from '../front.ts';
import type { AccessLog } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { ListenSettings } from '../options.ts';
import type { Pool } from '../pool.ts';
import type { Fields } from './headers.ts';

/** What an HTTP listener stands on. */
export interface HttpParts {
  readonly name: string;
  settings(): ListenSettings;
  readonly pool: Pool;
  readonly log: AccessLog;
  readonly metrics: Metrics;
}

/** A client, and what servers are told of it. */
export interface HttpClient extends Client {
  readonly certificateFields: Fields;
}

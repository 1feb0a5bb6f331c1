import type {
  ClientOptions,
  ClientResumptionOptions,
  EarlyDataOptions,
  ServerOptions,
  ServerResumptionOptions,
} from '../../src/engine/config/index.ts';

/** Options with those of the group `resumption` beside the others, so that tests can change one of them by itself. */
export type FlatClientOptions = Omit<ClientOptions, 'resumption'> & {
  readonly sessions?: ClientResumptionOptions['store'];
} & Pick<ClientResumptionOptions, 'pskOnly' | 'earlyDataWithCertificate'>;

export type FlatServerOptions = Omit<ServerOptions, 'resumption'> & {
  readonly sessionContext?: string | undefined;
  readonly earlyData?: EarlyDataOptions | undefined;
} & Omit<ServerResumptionOptions, 'context' | 'earlyData'>;

export function groupClient(options: FlatClientOptions): ClientOptions {
  const { sessions: store, pskOnly, earlyDataWithCertificate, ...rest } = options;
  return { ...rest, resumption: { store, pskOnly, earlyDataWithCertificate } };
}

export function groupServer(options: FlatServerOptions): ServerOptions {
  const {
    tickets,
    sessionIds,
    ticketCount,
    ticketLifetime,
    sessionContext: context,
    pskOnly,
    earlyData,
    ...rest
  } = options;
  return { ...rest, resumption: { tickets, sessionIds, ticketCount, ticketLifetime, context, pskOnly, earlyData } };
}

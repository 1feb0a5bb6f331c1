import { startMariadb, startPostgres, startRedis, startSlapd } from './servers/data.ts';
import type { Host, Ports } from './servers/host.ts';
import {
  startDovecot,
  startEcho,
  startExim,
  startKafka,
  startMosquitto,
  startNats,
  startRabbitmq,
} from './servers/messages.ts';

export type RuntimeName = 'Node' | 'Deno' | 'Bun' | 'workerd';

/** How each server is started; `folder` has the libraries. */
export const SERVERS = {
  PostgreSQL: (host: Host) => startPostgres(host),
  MariaDB: startMariadb,
  Redis: startRedis,
  Mosquitto: startMosquitto,
  RabbitMQ: startRabbitmq,
  'nats-server': startNats,
  Dovecot: startDovecot,
  Exim: startExim,
  slapd: startSlapd,
  Kafka: startKafka,
  "Node's own servers": startEcho,
} as const satisfies { readonly [name: string]: (host: Host, folder: string) => Promise<Ports> };

export interface Library {
  /** Of the package. */
  readonly name: string;
  /** Of the program in cases/, where it is not the package's. */
  readonly program?: string;
  /** None: the program has both ends. */
  readonly server?: keyof typeof SERVERS;
  readonly done: string;
  /** Why it cannot run there, with any TLS. That it does not is checked, too. */
  readonly cannot?: { readonly [K in RuntimeName]?: string };
}

const WORKERD_HTTP = "workerd's node:http is its fetch, which takes no socket of a program's";

const NO_SERVERS = 'workerd has no servers of node:net';

export const LIBRARIES: readonly Library[] = [
  {
    name: 'pg',
    server: 'PostgreSQL',
    done: 'verify-full, a client certificate, SCRAM-SHA-256-PLUS; a wrong authority and a wrong name refused; 100 queries in a pool of 20',
  },
  {
    name: 'postgres',
    server: 'PostgreSQL',
    done: 'verify-full, a client certificate (it has no SCRAM-SHA-256-PLUS); a wrong authority refused; 50 queries in a pool of 5',
  },
  {
    name: 'mysql2',
    server: 'MariaDB',
    done: 'the name verified, a user that needs a client certificate; a wrong authority refused; 100 queries in a pool of 20',
  },
  {
    name: 'ioredis',
    server: 'Redis',
    done: 'a client certificate, 300,000 bytes there and back, 200 commands at once; a wrong authority refused',
  },
  {
    name: 'redis',
    server: 'Redis',
    done: 'a client certificate, 300,000 bytes there and back, 200 commands at once; a wrong authority refused',
  },
  {
    name: 'mqtt',
    server: 'Mosquitto',
    done: 'a client certificate that is demanded; 100,000 bytes published and received; a wrong authority refused',
    cannot: { workerd: 'it takes workerd for a worker of a browser, where it speaks WebSocket only' },
  },
  {
    name: 'amqplib',
    server: 'RabbitMQ',
    done: 'a client certificate; 50 messages of 10,000 bytes confirmed and received; a wrong authority refused',
  },
  {
    name: 'nats',
    server: 'nats-server',
    done: 'a client certificate that is demanded, TLS after the first line; 200,000 bytes asked and answered; a wrong authority refused',
  },
  {
    name: 'kafkajs',
    server: 'Kafka',
    done: 'a client certificate that is demanded; 50 messages produced and consumed; a wrong authority refused',
  },
  {
    name: 'imapflow',
    server: 'Dovecot',
    done: 'at once and by STARTTLS, a client certificate; three messages of 100,000 bytes stored and fetched; a wrong authority refused',
  },
  {
    name: 'nodemailer',
    server: 'Exim',
    done: 'at once and by STARTTLS; a recipient that needs a client certificate; a wrong authority refused',
  },
  {
    name: 'smtp-server',
    done: 'as the server of nodemailer: at once and by STARTTLS, a client certificate that is demanded',
    cannot: { workerd: NO_SERVERS },
  },
  {
    name: 'ldapts',
    server: 'slapd',
    done: 'at once and by STARTTLS; 20 entries of 2,000 bytes; SASL EXTERNAL by the client certificate; a wrong authority refused',
  },
  {
    name: 'ws',
    server: "Node's own servers",
    done: 'a client certificate, 200,000 bytes there and back; a wrong authority refused',
    cannot: { workerd: WORKERD_HTTP },
  },
  {
    name: 'ws',
    program: 'ws-server',
    done: 'as a server over https.createServer, with client certificates',
    cannot: { workerd: NO_SERVERS },
  },
  {
    name: 'undici',
    server: "Node's own servers",
    done: 'a client certificate, kept alive, 200,000 bytes sent; a wrong authority refused',
    cannot: { workerd: 'its parser of HTTP is WebAssembly that is compiled at run time, which workerd bars' },
  },
  {
    name: 'axios',
    server: "Node's own servers",
    done: 'https.Agent with a client certificate, kept alive, 200,000 bytes sent; a wrong authority refused',
    cannot: { workerd: WORKERD_HTTP },
  },
  {
    name: 'got',
    server: "Node's own servers",
    done: 'a client certificate, 200,000 bytes sent; a wrong authority refused',
    cannot: { workerd: WORKERD_HTTP },
  },
  {
    name: 'node-fetch',
    server: "Node's own servers",
    done: 'https.Agent with a client certificate, kept alive, 200,000 bytes sent; a wrong authority refused',
    cannot: { workerd: WORKERD_HTTP },
  },
  {
    name: '@grpc/grpc-js',
    program: 'grpc-js',
    server: "Node's own servers",
    done: 'mutual TLS: a call of 200,000 bytes and a stream of 20; a wrong authority refused',
    cannot: { workerd: "workerd's node:http2 is a stub" },
  },
];

/** What a client is started with, in words that every program has. Certificates and keys are PEM. */
export interface Setting {
  readonly host: string;
  readonly port: number;
  /** The name that is asked for, and checked. */
  readonly name: string;
  readonly anchors: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly password?: string;
  /** Lists of what is revoked. */
  readonly crl?: string;
  readonly only13?: boolean;
  /** TLS 1.2 and this one suite, by OpenSSL's name. */
  readonly suite12?: 'ECDHE-ECDSA-AES128-GCM-SHA256';
  /** The one group that is offered. */
  readonly group?: 'X25519';
  readonly alpn?: string;
  /** Milliseconds after which the client is to give up. */
  readonly timeout?: number;
}

/** What there is to be learned of a situation: a fact, and how a text that has it can be told. */
export type Facts = Readonly<Record<string, RegExp>>;

/** One thing that goes wrong for a client. */
export interface Situation {
  readonly name: string;
  /** What happens. */
  readonly about: string;
  readonly facts: Facts;
  readonly setting: Setting;
}

/** A client, and what it says of a situation; undefined: it says nothing, and takes what it gets for good. */
export interface Client {
  readonly name: string;
  /** Undefined: it is not here. */
  readonly version: string | undefined;
  meet(setting: Setting): Promise<string | undefined>;
}

/** The facts that a text has. */
export function learned(facts: Facts, text: string | undefined): string[] {
  if (text === undefined) return [];
  return Object.entries(facts).flatMap(([fact, pattern]) => (pattern.test(text) ? [fact] : []));
}

import { toHex } from '../bytes/bytes.ts';
import type { CipherSuite13, Hash } from '../crypto/types.ts';
import type { ClientConfig, Config } from '../handshake/config.ts';
import type { Direction, Facts, Out, PeerFacts } from '../handshake/context.ts';
import type { Epoch } from '../handshake/machine.ts';
import type { ClientSession } from '../handshake/session.ts';
import { Protector13 } from '../record/protect13.ts';
import type { RecordProtector } from '../record/protector.ts';
import { TLS_1_3 } from '../wire/ids.ts';
import type { Intake } from './inbound.ts';
import type { Outlet } from './outbound.ts';
import type { Step } from './event.ts';

/** What of an engine a handshake can reach. */
export interface Parts {
  readonly config: Config;
  readonly outlet: Outlet;
  readonly intake: Intake;
  readonly facts: Facts;
  /** Hands a step to the program. */
  step(step: Step): void;
  /** The handshake is done. */
  open(): void;
  /** The secret is the engine's from here on. */
  early(hash: Hash, secret: Uint8Array): void;
}

/** Everything that a handshake can do to the connection. */
export function makeOut({ config, outlet, intake, facts, step, open, early }: Parts): Out {
  const { role } = config;
  const out: Out = {
    send: (message: Uint8Array): void => {
      config.onTrace?.({
        type: 'message',
        from: role,
        handshakeType: message[0]!,
        epoch: outlet.epoch,
        raw: message,
      });
      outlet.handshake(message);
    },
    changeCipherSpec: (): void => {
      config.onTrace?.({ type: 'change-cipher-spec', from: role });
      outlet.changeCipherSpec();
    },
    keys: (direction: Direction, epoch: Epoch, suite: CipherSuite13, secret: Uint8Array): void => {
      out.protect(direction, epoch, new Protector13(suite, secret));
    },
    protect: (direction: Direction, epoch: Epoch, protector: RecordProtector): void => {
      config.onTrace?.({ type: 'keys', by: role, direction, epoch });
      if (direction === 'write') outlet.protect(protector, epoch);
      else intake.protect(protector, epoch);
    },
    unprotect: (): void => outlet.unprotect(),
    sendEarlyData: (bytes: Uint8Array): void => outlet.data(bytes, () => {}),
    takeEarlyData: (bytes: number): void => intake.takeEarlyData(bytes),
    earlyExporter: (hash: Hash, secret: Uint8Array): void => early(hash, secret.slice()),
    keepSession: (key: string, session: ClientSession): void => keepSession(config, key, session),
    warn: (description: number): void => outlet.alert(1, description),
    limit: (direction: Direction, bytes: number): void => {
      if (direction === 'write') outlet.limit = bytes;
      else intake.limit = bytes;
    },
    log: (label: string, secret: Uint8Array): void => {
      if (config.keyLog === undefined) return;
      config.keyLog(`${label} ${toHex(facts.clientRandom ?? new Uint8Array(0))} ${toHex(secret)}`);
    },
    fact: <K extends keyof Facts>(name: K, value: Facts[K]): void => {
      facts[name] = value;
      if (name === 'version') intake.passesOverChangeCipherSpec = value === TLS_1_3;
    },
    note: ({ by, text }): void => config.onTrace?.({ type: 'note', by, text }),
    established: (): void => {
      open();
      intake.established = true;
      step({ type: 'established', facts });
    },
    authenticatedLater: (peer: PeerFacts | undefined): void => step({ type: 'authenticated-later', peer }),
    skipEarlyData: (how: 'sealed' | 'retry', bytes: number): void => intake.skipEarlyData(how, bytes),
  };
  return out;
}

/** Nobody waits for the store; if it fails, the next handshake is a full one. */
function keepSession(config: Config, key: string, session: ClientSession): void {
  const failed = (reason: unknown): void =>
    config.onTrace?.({ type: 'note', by: config.role, text: `a session could not be kept: ${String(reason)}` });
  try {
    const kept = (config as ClientConfig).sessions?.put(key, session);
    if (kept !== undefined) kept.then(undefined, failed);
  } catch (reason) {
    failed(reason);
  }
}

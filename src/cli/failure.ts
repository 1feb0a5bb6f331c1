/** What a program that is called by scripts can rely on. */
export const EXIT = {
  ok: 0,
  /** The answer is no: a check that was not passed. */
  no: 1,
  /** The command line is wrong. */
  usage: 2,
  /** It could not be done: a file that cannot be read, a password that is wrong. */
  failed: 3,
} as const;

/** Ends a command with a sentence for people, and without a stack. */
export class Failure extends Error {
  override readonly name: string = 'Failure';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function usage(message: string): Failure {
  return new Failure(message, EXIT.usage);
}

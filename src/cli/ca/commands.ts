import type { Command } from '../command.ts';
import { initCommand } from './init.ts';
import { clientCommand, serverCommand } from './issue.ts';
import { crlCommand, listCommand, revokeCommand, trustCommand } from './lists.ts';
import { ocspCommand } from './ocsp.ts';

/** `warifu ca …` */
export const CA_COMMANDS: readonly Command[] = [
  initCommand,
  serverCommand,
  clientCommand,
  listCommand,
  revokeCommand,
  crlCommand,
  ocspCommand,
  trustCommand,
];

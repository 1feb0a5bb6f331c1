import type { Command } from '../command.ts';
import { checkCommand } from './check.ts';
import { convertCommand } from './convert.ts';
import { lintCommand } from './lint.ts';
import { showCommand } from './show.ts';

/** `warifu cert …` */
export const CERT_COMMANDS: readonly Command[] = [showCommand, checkCommand, convertCommand, lintCommand];

#!/usr/bin/env node
/** The program `warifu`. What it does is in the commands; here is only where it meets the process. */
import { runProgram } from './program.ts';
import { processTerminal } from './terminal.ts';

process.exitCode = await runProgram(process.argv.slice(2), processTerminal());

#!/usr/bin/env node
/** The program `warifu`. What it does is in the commands; here is only where it meets the process. */
import { runProgram } from './program.ts';
import { processTerminal } from './terminal.ts';

// The one who reads may have enough (`| head`): what is left unread is not written, and nothing is wrong.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.exitCode = await runProgram(process.argv.slice(2), processTerminal());

#!/usr/bin/env node
import { tuneProcess } from '../tensor/tune.js';
import { runCommandLine } from './command-line.js';

// The process is ours alone. Nothing that was imported has loaded the engine yet: commands do, when they compute.
tuneProcess();

// Whoever reads our output may stop reading (`ncfm presets | head -1`): that is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await runCommandLine(process.argv.slice(2), process);

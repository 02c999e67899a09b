import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Invocation } from '../invocation.js';

interface SetupOptions {
  readonly yes?: boolean;
  readonly fresh?: boolean;
}

/** Uses nothing but Node, because it also prepares a fresh clone. */
const script = fileURLToPath(new URL('../../../scripts/setup.mjs', import.meta.url));

export function addSetupCommand(program: Command, invocation: Invocation): void {
  program
    .command('setup')
    .summary('make the native engine ready on this machine')
    .description(
      'Makes the native engine ready: takes the one that came with the package where it fits the LibTorch of this ' +
        'machine, and else compiles it, against the LibTorch that LIBTORCH names, that of python3, or the one of the system. ' +
        'Packages of the system that this takes are installed after asking; without a terminal to ask on, they are ' +
        'listed with the line to type.',
    )
    .option('-y, --yes', 'install missing packages of the system without asking')
    .option('--fresh', 'build all anew')
    .addHelpText('after', '\nExample:\n  ncfm setup --yes')
    .action(({ yes, fresh }: SetupOptions) => {
      const args = ['--for', 'build', ...(yes ? ['--yes'] : []), ...(fresh ? ['--fresh'] : [])];
      // It asks on the terminal, so it has ours.
      const { status } = spawnSync(process.execPath, [script, ...args], { stdio: 'inherit' });
      invocation.exitCode = status ?? 1;
    });
}

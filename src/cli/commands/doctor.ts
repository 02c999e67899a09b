import type { Command } from 'commander';
import { examine, type Finding } from '../examine.js';
import type { Invocation } from '../invocation.js';
import { addJsonOption, type OutputOptions } from '../options.js';

export function addDoctorCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('doctor')
    .summary('examine this machine: engine, processor, datasets')
    .description(
      'Tells what the engine and the machine can do, and for everything that is missing how to get it. ' +
        'Ends with 1 when ncfm cannot work here.',
    );
  addJsonOption(command)
    .addHelpText('after', '\nExample:\n  ncfm doctor')
    .action(async (options: OutputOptions) => {
      const findings = await examine();
      const ok = findings.every(({ state }) => state !== 'broken');
      if (!ok) invocation.exitCode = 1;
      invocation.print({ ok, findings }, findings.map(describeFinding).join(''), options);
    });
}

const marks = { ok: '✓', note: '·', broken: '✗' } as const;

function describeFinding({ name, state, detail, remedy }: Finding): string {
  const advice = remedy === undefined ? '' : `${' '.repeat(4)}${remedy}\n`;
  return `${marks[state]} ${name.padEnd(14)} ${detail}\n${advice}`;
}

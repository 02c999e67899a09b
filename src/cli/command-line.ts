import { Command, CommanderError } from 'commander';
import { UsageError } from '../core/errors.js';
import { packageVersion } from '../core/version.js';
import { writeErrorFile } from '../distributed/error-file.js';
import { readLaunch } from '../distributed/launch.js';
import { PeerFailure } from '../distributed/peer-failure.js';
import { addCompareCommand } from './commands/compare.js';
import { addConfigCommand } from './commands/config.js';
import { addContinualCommand } from './commands/continual.js';
import { addDataCommand } from './commands/data.js';
import { addDistillCommand } from './commands/distill.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addEvaluateCommand } from './commands/evaluate.js';
import { addExportCommand } from './commands/export.js';
import { addLabelCommand } from './commands/label.js';
import { addPlanCommand } from './commands/plan.js';
import { addPresetsCommand } from './commands/presets.js';
import { addPretrainCommand } from './commands/pretrain.js';
import { addReportCommand } from './commands/report.js';
import { addReproduceCommand } from './commands/reproduce.js';
import { addRunCommand } from './commands/run.js';
import { addSearchCommand } from './commands/search.js';
import { addSetupCommand } from './commands/setup.js';
import { addShowCommand } from './commands/show.js';
import { addStudioCommand } from './commands/studio.js';
import { exitCodeOf, explanation } from './explanation.js';
import { Invocation, type Streams } from './invocation.js';

/**
 * Runs one command line.
 * @param args without node and script
 * @returns the exit code: 0 done, 1 failed, 2 misused, 130 stopped by Ctrl-C, 143 by SIGTERM. Never throws.
 */
export async function runCommandLine(args: readonly string[], streams: Streams): Promise<number> {
  const invocation = new Invocation(streams);
  try {
    await createProgram(invocation).parseAsync(args, { from: 'user' });
    return invocation.exitCode;
  } catch (error) {
    return report(error, invocation, args.includes('--json'));
  }
}

function createProgram(invocation: Invocation): Command {
  const program = new Command('ncfm')
    .description('Distils a dataset into a few synthetic images (NCFM, CVPR 2025), on LibTorch.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => invocation.stdout.write(text),
      writeErr: (text) => invocation.stderr.write(text),
    })
    .showSuggestionAfterError()
    .addHelpText('after', '\nExample:\n  ncfm run digits')
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 misused, 130 and 143 stopped.');
  program.hook('preAction', (_, command) => requireShared(command.name()));
  addRunCommand(program, invocation);
  addReproduceCommand(program, invocation);
  addPretrainCommand(program, invocation);
  addDistillCommand(program, invocation);
  addEvaluateCommand(program, invocation);
  addCompareCommand(program, invocation);
  addSearchCommand(program, invocation);
  addContinualCommand(program, invocation);
  addLabelCommand(program, invocation);
  addReportCommand(program, invocation);
  addStudioCommand(program, invocation);
  addShowCommand(program, invocation);
  addExportCommand(program, invocation);
  addPlanCommand(program, invocation);
  addDataCommand(program, invocation);
  addPresetsCommand(program, invocation);
  addConfigCommand(program, invocation);
  addDoctorCommand(program, invocation);
  addSetupCommand(program, invocation);
  return program;
}

/** Commands that every process of a launch would do by itself, all of them writing the same files. */
const notShared: readonly string[] = ['compare', 'label', 'export', 'report', 'studio', 'setup'];

function requireShared(command: string): void {
  if (!notShared.includes(command) || readLaunch() === undefined) return;
  throw new UsageError(
    `ncfm ${command} is not done by several processes together; start it as one, without the launcher. These are: run, distill, pretrain, evaluate, search, continual`,
  );
}

/** Says what went wrong on standard error, with `--json` also as the one object on standard output. */
function report(error: unknown, invocation: Invocation, json: boolean): number {
  const exitCode = exitCodeOf(error);
  if (exitCode === 0) return 0;
  writeErrorFile(error);
  if (error instanceof PeerFailure && !error.isTold) return exitCode;
  const { stdout, stderr, advice, speaker } = invocation;
  // Commander has written its own message, with the nearest valid spelling, to standard error.
  if (!(error instanceof CommanderError)) stderr.write(`${speaker}${explanation(error)}\n`);
  if (advice !== undefined) stderr.write(`${advice}\n`);
  const message = error instanceof Error ? error.message : String(error);
  if (json && !invocation.isMuted)
    stdout.write(`${JSON.stringify({ error: { exitCode, message } })}\n`);
  return exitCode;
}

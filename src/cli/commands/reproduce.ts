import type { Command } from 'commander';
import { recordedFigures, recordedPresets } from '../../config/recorded.js';
import { UsageError } from '../../core/errors.js';
import type { RecordedFigures } from '../../evaluate/reproduction.js';
import type { PipelineResult } from '../../pipeline/index.js';
import { describeReproduction } from '../../terminal/reproduction.js';
import { executeRun, type RunOptions } from '../execute.js';
import type { Invocation } from '../invocation.js';
import { addRepeatOptions } from '../options.js';

export function addReproduceCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('reproduce')
    .summary('run a preset and hold it against its recorded figures')
    .description(
      'Runs a preset as it is and holds its accuracies against those that are recorded of it: within, above or below what ' +
        `another run is expected to come to. Ends with 1 where the distilled set is below. Recorded: ${recordedPresets().join(', ')}.`,
    )
    .argument('<preset>', 'a preset with recorded figures');
  addRepeatOptions(command, ['ncfm reproduce digits']).action(
    async (preset: string, options: RunOptions) => {
      const recorded = requireRecorded(preset);
      const { reproduceRun } = await import('../../evaluate/index.js');
      const { runPipeline } = await import('../../pipeline/index.js');
      const result: PipelineResult = await executeRun(
        invocation,
        {
          command: 'run',
          source: preset,
          options: { ...options, name: `${preset}-reproduced` },
        },
        runPipeline,
      );
      const { accuracy, directory, method } = result;
      const seconds = Object.values(result.seconds).reduce((sum, stage) => sum + stage);
      const reproduction = reproduceRun(recorded, accuracy, seconds);
      const told = { preset, directory, ...reproduction };
      invocation.print(told, describeReproduction(reproduction, method), options);
      if (reproduction.accuracy.distilled.verdict === 'below') invocation.exitCode = 1;
    },
  );
}

function requireRecorded(preset: string): RecordedFigures {
  const recorded = recordedFigures(preset);
  if (recorded !== undefined) return recorded;
  throw new UsageError(
    `there are no recorded figures of '${preset}' to hold a run against; there are of ${recordedPresets().join(', ')}`,
  );
}

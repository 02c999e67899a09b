import { relative } from 'node:path';
import type { Command } from 'commander';
import type { LabelResult } from '../../pipeline/index.js';
import type { Invocation } from '../invocation.js';
import { addComputeOptions, type ComputeOptions } from '../options.js';
import { onRun } from './evaluate.js';

export function addLabelCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('label')
    .summary("write a teacher's soft labels beside a distilled set")
    .description(
      "Gives every decoded image of a run's distilled set a teacher's distribution over the classes, as evaluate.labels " +
        "says; by the run's whole pool of networks where it says nothing.",
    )
    .argument('<run>', 'a run directory, for example runs/digits');
  addComputeOptions(command, [
    'ncfm label runs/digits',
    "ncfm label runs/digits --set 'evaluate.labels={ mode: static, temperature: 2 }'",
  ]).action(async (run: string, options: ComputeOptions) => {
    const { labelRun } = await import('../../pipeline/index.js');
    const result = await onRun(invocation, run, options, labelRun, 'label');
    invocation.print(result, description(result), options);
  });
}

function description({ folder, images, teacher, agreement }: LabelResult): string {
  const networks = teacher.networks === 1 ? 'one network' : `${teacher.networks} networks`;
  return [
    `labels     ${images} images, in ${relative('', folder) || folder}`,
    `teacher    ${networks}, ${teacher.testAccuracy.toFixed(2)} % of the test images right (${teacher.hash})`,
    `agreement  ${agreement.toFixed(2)} % of the images have their label as the most probable class`,
    '',
  ].join('\n');
}

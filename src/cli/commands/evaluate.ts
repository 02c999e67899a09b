import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { RunDirectory } from '../../run/directory.js';
import { combine } from '../../run/events.js';
import { resolvePlan, watch } from '../execute.js';
import type { Invocation } from '../invocation.js';
import { addOutputOptions, addPlanOptions, type PlanOptions } from '../options.js';
import { resultTable, runSummary } from '../summary.js';

/** `ncfm evaluate`: the evaluation of a run that has been distilled, once more. */
export function addEvaluateCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('evaluate')
    .summary('evaluate a distilled run')
    .description(
      "Trains fresh networks on a run's distilled set and on its controls, as its configuration says or as the options " +
        "change it. Prints their accuracies and replaces the run's results.",
    )
    .argument('<run>', 'a run directory, for example runs/digits');
  addPlanOptions(command);
  addOutputOptions(command)
    .addHelpText('after', '\nExample:\n  ncfm evaluate runs/digits --set evaluate.seeds=10')
    .action(async (run: string, options: PlanOptions) => {
      const path = resolve(run);
      const directory = RunDirectory.open({ runs: dirname(path), name: basename(path) });
      const { evaluateRun } = await import('../../tasks/pipeline.js');
      const { plan } = await resolvePlan(join(run, 'config.yaml'), options);
      using log = directory.openEventLog();
      const result = await watch(invocation, options, ({ onEvent, signal }) =>
        evaluateRun({ plan, directory, onEvent: combine(log.sink, onEvent), signal }),
      );
      invocation.print(result, resultTable(result), options);
      invocation.tell(runSummary(result), options);
    });
}

import { UsageError } from 'ncfm';
import { BenchError } from '../errors.js';
import type { AccuracyArguments } from './arguments.js';
import { openContext } from './context.js';
import { evaluateStage } from './evaluate-stage.js';
import { oursStage } from './ours-stage.js';
import { pretrainStage } from './pretrain-stage.js';
import { pytorchStage, type UserEnvironment } from './pytorch-stage.js';
import { type AccuracyReport, reportStage } from './report-stage.js';

/** Does the stages that are asked for and not done yet; the report, when it is one of them. */
export async function runStages(
  options: AccuracyArguments,
  user: UserEnvironment,
): Promise<AccuracyReport | undefined> {
  try {
    const context = await openContext(options);
    const wanted = new Set(options.stages);
    if (wanted.has('pretrain')) await pretrainStage(context);
    if (wanted.has('pytorch')) await pytorchStage(context, user);
    if (wanted.has('ours')) await oursStage(context);
    if (wanted.has('evaluate')) await evaluateStage(context);
    return wanted.has('report') ? reportStage(context) : undefined;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new BenchError(error.message, { exitCode: 2, cause: error });
  }
}

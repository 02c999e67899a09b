import { runProgram } from '../errors.js';
import { help, parseAccuracyArguments } from './arguments.js';

/** `npm run bench:accuracy`: the report on standard output, progress on standard error. */
await runProgram(async () => {
  const options = parseAccuracyArguments(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const user = { coreType: process.env.OPENBLAS_CORETYPE };
  if (options.threads !== undefined) {
    process.env.OMP_NUM_THREADS = String(options.threads);
    process.env.OPENBLAS_NUM_THREADS = String(options.threads);
  }
  // OpenBLAS reads its number of threads when the engine is loaded, so that comes after.
  const { runStages } = await import('./stages.js');
  const { renderAccuracy } = await import('./report-stage.js');
  const report = await runStages(options, user);
  if (report !== undefined) {
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : renderAccuracy(report));
  }
  return 0;
});

import { tuneProcess } from 'ncfm';
import { runProgram } from '../errors.js';
import { help, parseAccuracyArguments } from './arguments.js';
import { renderAccuracy } from './report-stage.js';
import { runStages } from './stages.js';

/** `npm run bench:accuracy`: the report on standard output, progress on standard error. */
await runProgram(async () => {
  const options = parseAccuracyArguments(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const user = { coreType: process.env.OPENBLAS_CORETYPE };
  tuneProcess();
  const report = await runStages(options, user);
  if (report !== undefined) {
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : renderAccuracy(report));
  }
  return 0;
});

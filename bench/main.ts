import { help, parseArguments } from './arguments.js';
import { runBench } from './bench.js';
import { runProgram } from './errors.js';
import { renderReport } from './report.js';

/** `npm run bench`: results on standard output, progress on standard error. */
await runProgram(async () => {
  const options = parseArguments(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const result = await runBench(options, (line) => process.stderr.write(`· ${line}\n`));
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : renderReport(result));
  for (const failure of result.failures) process.stderr.write(`✗ ${failure}\n`);
  return result.failures.length > 0 ? 1 : 0;
});

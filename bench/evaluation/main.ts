import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type Dataset,
  exportRun,
  loadPlan,
  type Plan,
  RunDirectory,
  setThreads,
  tuneProcess,
  UsageError,
} from 'ncfm';
import { pixelsToTensor } from 'ncfm/data';
import { type Summary, summarize } from 'ncfm/evaluate';
import { physicalCores, savePt, scope, tensor } from 'ncfm/tensor';
import { findPython, runPyTorch } from '../children.js';
import { BenchError, runProgram } from '../errors.js';

const help = `Usage: npm run bench:evaluation -- <run> [options]

Trains networks on a run's distilled set, here and with a PyTorch program that shares no code with
us, and compares their test accuracies after the last step.

  --seeds <n>      networks of each side (default: 5)
  --threads <n>    threads of both sides (default: the physical cores)
  --json           prints one JSON object
  --help           shows this text
`;

interface Outcome {
  readonly run: string;
  readonly ours: Summary;
  readonly pytorch: Summary;
  /** Whether the means differ by less than the larger deviation. */
  readonly agree: boolean;
}

/** `npm run bench:evaluation`: the comparison on standard output, progress on standard error. */
await runProgram(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seeds: { type: 'string', default: '5' },
      threads: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const [run, ...rest] = positionals;
  if (run === undefined || rest.length > 0) throw new BenchError('name one run; see --help');
  const [seeds, threads] = [Number(values.seeds), Number(values.threads ?? physicalCores())];
  if (![seeds, threads].every((value) => Number.isInteger(value) && value >= 1)) {
    throw new BenchError('--seeds and --threads are whole numbers from 1');
  }
  tuneProcess();
  setThreads(threads);
  const outcome = await compareSides(run, seeds, threads).catch((error: unknown) => {
    if (error instanceof UsageError) throw new BenchError(error.message, { exitCode: 2 });
    throw error;
  });
  process.stdout.write(values.json ? `${JSON.stringify(outcome)}\n` : describe(outcome));
  return outcome.agree ? 0 : 1;
});

async function compareSides(run: string, seeds: number, threads: number): Promise<Outcome> {
  const { plan } = loadPlan({ source: join(run, 'config.yaml'), threads });
  requireSameProtocol(plan);
  const { checkPlan, evaluateSet } = await import('ncfm/run');
  const { data } = await checkPlan(plan, { cache: '.cache', stages: ['evaluate'] });
  const directory = RunDirectory.open({ runs: join(run, '..'), name: plan.name });
  const ours = await evaluateSet({
    plan: { ...plan, evaluate: { ...plan.evaluate, seeds } },
    directory,
    cache: '.cache',
    onEvent: (event) => {
      if (event.type === 'evaluate-seed-end' && event.set === 'distilled')
        process.stderr.write(`· ncfm, seed ${event.seed}: ${event.accuracy.toFixed(2)} %\n`);
    },
  });
  const pytorch = await withPyTorch(run, plan, data, seeds, threads);
  const { mean, std, n } = ours.accuracy.distilled;
  return {
    run,
    ours: { mean, std, n },
    pytorch,
    agree: Math.abs(mean - pytorch.mean) < Math.max(std ?? 0, pytorch.std ?? 0),
  };
}

/** The PyTorch program knows this much of what a protocol can be. */
function requireSameProtocol({ student, evaluate }: Plan): void {
  const plain =
    student.name === 'convnet' &&
    evaluate.optimizer.kind === 'adamw' &&
    evaluate.schedule.kind === 'cosine' &&
    evaluate.labels.mode === 'hard' &&
    'steps' in evaluate.length;
  if (plain) return;
  throw new BenchError(
    'the PyTorch program trains a ConvNet by AdamW with a cosine schedule, hard labels and evaluate.length.steps; name a run of such settings, fashion-quick for one',
  );
}

async function withPyTorch(
  run: string,
  plan: Plan,
  { train, test }: { readonly train: Dataset; readonly test: Dataset },
  seeds: number,
  threads: number,
): Promise<Summary> {
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-evaluation-'));
  try {
    await exportRun({ run, format: 'pt', out: join(folder, 'set') });
    const testFile = join(folder, 'test.pt');
    writeBytes(testFile, test);
    const { evaluate, student } = plan;
    const { accuracies } = await runPyTorch<{ readonly accuracies: number[] }>(
      findPython(),
      {
        kind: 'evaluate',
        set: join(folder, 'set', 'data.pt'),
        test: testFile,
        seeds: Array.from({ length: seeds }, (_, seed) => seed + 1),
        shape: [train.shape.channels, train.shape.height, train.shape.width],
        classes: train.classNames.length,
        width: student.name === 'convnet' ? student.width : 0,
        normalization: train.normalization,
        steps: 'steps' in evaluate.length ? evaluate.length.steps : 0,
        batchSize: evaluate.batchSize,
        learningRate: evaluate.optimizer.learningRate,
        cutMix: evaluate.cutMix,
      },
      { threads },
    );
    const { mean, std, n } = summarize(accuracies);
    return { mean, std, n };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A dataset's images as bytes [n, c, h, w], and its labels. */
function writeBytes(path: string, dataset: Dataset): void {
  const count = dataset.labels.length;
  const indices = Int32Array.from({ length: count }, (_, index) => index);
  scope(() => {
    const images = pixelsToTensor(dataset.read(indices), count, dataset.shape, 'cpu');
    const labels = tensor(Array.from(dataset.labels), [count], 'int64');
    savePt(path, [images.mul(255).add(0.5).to('uint8'), labels]);
  });
}

function describe({ ours, pytorch, agree }: Outcome): string {
  const row = (name: string, { mean, std, n }: Summary): string =>
    `${name.padEnd(8)}  ${mean.toFixed(2)}${std === null ? '' : ` ± ${std.toFixed(2)}`} %, ${n} seeds\n`;
  const verdict = agree ? 'within one standard deviation' : 'further apart than the deviations';
  return `${row('ncfm', ours)}${row('PyTorch', pytorch)}${verdict}\n`;
}

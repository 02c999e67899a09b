#!/usr/bin/env node
// What there is to know of a GPU, in one go of less than nine minutes: does all work there, how fast is it beside PyTorch,
// and how much memory does it take. One line for each step; a step that fails is told, and the others go on.
//   node scripts/gpu.mjs --out <folder> [--device cuda] [--python <path>] [--data <folder>] [--only <steps>]
// Everything must have been built before (`npm run build`, `npx tsc -p bench`): there may be neither compiler nor network.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { execute, runStep } from './gpu/step.mjs';
import { BUILD, ROOT } from './setup/paths.mjs';

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    device: { type: 'string', default: 'cuda' },
    python: { type: 'string', default: process.env.NCFM_PYTHON ?? 'python3' },
    data: { type: 'string' },
    only: { type: 'string' },
  },
});
const { out, device, python, data, only } = values;
if (out === undefined) throw new Error('--out <folder>: expected the folder for what is found');
const folder = resolve(out);
mkdirSync(folder, { recursive: true });

const onGpu = device !== 'cpu';
const node = process.execPath;
const jobs = join(BUILD, 'bench/js/ours.js');
const pytorch = join(ROOT, 'bench/pytorch/main.py');
const threads = Number(process.env.OMP_NUM_THREADS ?? 0) || undefined;

/** Time in all; a step gets no more than what is left of it. */
const LIMIT = 530;
const begun = performance.now();
/** @param {number} seconds */
const within = (seconds) =>
  Math.max(1, Math.min(seconds, LIMIT - (performance.now() - begun) / 1000));

/** Settings of the comparison; both sides compute the same. On a processor a small one shows that the way works. */
const official = {
  shape: [1, 28, 28],
  classes: 10,
  storedPerClass: 1024,
  imagesPerClass: 10,
  factor: 2,
  realBatch: 1024,
  frequencies: 4096,
  width: 128,
};
const hundredClasses = {
  ...official,
  shape: [3, 32, 32],
  classes: 100,
  storedPerClass: 500,
  realBatch: 500,
};
const problems = onGpu
  ? {
      official,
      'cifar100-ipc10': hundredClasses,
      'cifar100-ipc50': { ...hundredClasses, imagesPerClass: 50 },
    }
  : { small: { ...official, storedPerClass: 64, realBatch: 64, frequencies: 256, width: 16 } };

const suites = ['src/tensor', 'src/nn', 'src/augment', 'src/distill', 'src/methods', 'src/train'];

/**
 * @param {object} job
 * @param {number} seconds
 * @returns {Promise<any>}
 */
async function ours(job, seconds) {
  const { OMP_NUM_THREADS = '1' } = process.env;
  const input = JSON.stringify({ threads: Number(OMP_NUM_THREADS), ...job });
  return JSON.parse(
    await execute([node, '--expose-gc', jobs], { seconds: within(seconds), input }),
  );
}

/** @type {Map<string, any>} */
const prepared = new Map();

/**
 * @param {string} name
 * @param {any} problem
 */
async function preparedFor(name, problem) {
  const known = prepared.get(name);
  if (known !== undefined) return known;
  const where = join(folder, 'generated', name);
  mkdirSync(where, { recursive: true });
  const files = await ours({ kind: 'prepare', problem, folder: where }, 60);
  prepared.set(name, files);
  return files;
}

/** @param {number[]} seconds */
function median(seconds) {
  const sorted = [...seconds].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** @param {number | undefined} bytes */
const gigabytes = (bytes) => (bytes === undefined ? '' : `, ${(bytes / 1e9).toFixed(2)} GB`);

/** @param {any} result */
function speed({ seconds, peakDeviceBytes, peakBytes }) {
  const each = median(seconds);
  const found = { secondsPerIteration: each, peakDeviceBytes, peakBytes };
  return {
    told: `${each.toPrecision(3)} s per iteration${gigabytes(peakDeviceBytes ?? peakBytes)}`,
    found,
  };
}

/** @type {import('./gpu/step.mjs').Step[]} */
const steps = [
  {
    name: 'addon',
    run: async () => {
      const program = `const { engine, requireDevice, zeros } = await import(${JSON.stringify(join(ROOT, 'dist/entries/tensor.js'))});
        const device = requireDevice(${JSON.stringify(device)});
        zeros([2], { device }).add(1).sum().item();
        process.stdout.write(JSON.stringify(engine()));`;
      const text = await execute([node, '--input-type=module', '-e', program], {
        seconds: within(60),
      });
      const engine = JSON.parse(text);
      const card = onGpu ? await cardName() : 'the processor';
      return { told: `LibTorch ${engine.version} on ${card}`, found: { engine, card } };
    },
  },
  {
    name: 'suites',
    run: async () => {
      const report = join(folder, 'suites.json');
      rmSync(report, { force: true });
      const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
      const command = [
        node,
        vitest,
        'run',
        ...suites,
        '--root',
        ROOT,
        '--reporter=json',
        `--outputFile=${report}`,
      ];
      const env = { NCFM_TEST_DEVICE: device };
      const failure = await execute(command, { seconds: within(170), env }).then(
        () => undefined,
        (/** @type {Error} */ error) => error,
      );
      return suiteResult(report, failure);
    },
  },
  {
    name: 'quickstart',
    run: async () => {
      const runs = join(folder, 'runs');
      const cli = join(ROOT, 'dist/cli/main.js');
      const preset = onGpu ? 'fashion-quick' : 'digits';
      const command = [
        node,
        cli,
        'run',
        preset,
        '--device',
        device,
        '--runs',
        runs,
        '--replace',
        '--json',
        '--quiet',
      ];
      if (data !== undefined) command.push('--set', `dataset.root=${data}`);
      if (!onGpu)
        command.push('--set', 'distill.iterations=20', '--set', 'evaluate.length.epochs=20');
      command.push('--cache', join(folder, 'cache'));
      const result = JSON.parse(await execute(command, { seconds: within(100), cwd: folder }));
      return { told: `${preset} went through`, found: result };
    },
  },
  ...Object.entries(problems).map(([name, problem]) => ({
    name: `ours ${name}`,
    run: async () => {
      const count = onGpu ? { warmUp: 10, iterations: 50 } : { warmUp: 1, iterations: 3 };
      const files = await preparedFor(name, problem);
      const job = {
        kind: 'iterations',
        problem,
        prepared: files,
        psi: true,
        amortise: 1,
        device,
        ...count,
      };
      return speed(await ours(job, 60));
    },
  })),
  ...Object.entries(problems)
    .slice(0, 2)
    .flatMap(([name, problem]) =>
      ['eager', 'bf16', 'compiled', 'compiled-bf16'].map((form) => ({
        name: `PyTorch ${form} ${name}`,
        run: async () => {
          const files = await preparedFor(name, problem);
          const job = {
            ...{ kind: 'iterations', ...problem, ...files, psi: true, form, device },
            ...{ freshBatches: true, learningRate: 1e-3, seed: 0, threads: threads ?? 1 },
            ...{ warmUpClasses: 10, timedClasses: 10, iterations: onGpu ? 5 : 2 },
          };
          const input = JSON.stringify(job);
          return speed(
            JSON.parse(await execute([python, pytorch], { seconds: within(70), input })),
          );
        },
      })),
    ),
  ...['', '1'].map((blocking) => ({
    name: blocking === '' ? 'trace' : 'trace of operators',
    run: async () => {
      const path = join(folder, blocking === '' ? 'trace.json' : 'trace-blocking.json');
      const env = blocking === '' ? {} : { CUDA_LAUNCH_BLOCKING: blocking };
      const command = [node, join(ROOT, 'scripts/gpu/trace.mjs'), device, path];
      const found = JSON.parse(await execute(command, { seconds: within(60), env }));
      const { operators, synchronizingCalls: stops, milliseconds } = found;
      const told = `${operators} operators in ${milliseconds.toFixed(2)} ms, ${stops} waits of the host`;
      return { told, found };
    },
  })),
];

async function cardName() {
  const query = [
    'nvidia-smi',
    '--query-gpu=name,driver_version,memory.total',
    '--format=csv,noheader',
  ];
  return await execute(query, { seconds: 20 }).then(
    (text) => text.trim(),
    () => 'a GPU that nvidia-smi does not tell of',
  );
}

/**
 * @param {string} report
 * @param {Error | undefined} failure
 */
function suiteResult(report, failure) {
  /** @type {any} */
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    throw failure ?? new Error('the suites left no report');
  }
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = result;
  const told = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  if (failed === 0 && failure === undefined) return { told, found: { passed, failed, skipped } };
  const names = result.testResults.flatMap((/** @type {any} */ file) =>
    file.assertionResults
      .filter((/** @type {any} */ test) => test.status === 'failed')
      .map((/** @type {any} */ test) => test.fullName),
  );
  throw new Error([...names, told].join('\n'));
}

const chosen = only?.split(',');
const outcomes = [];
for (const step of steps) {
  if (chosen !== undefined && !chosen.some((name) => step.name.startsWith(name))) continue;
  outcomes.push(await runStep(step));
  const seconds = (performance.now() - begun) / 1000;
  writeFileSync(
    join(folder, 'gpu.json'),
    `${JSON.stringify({ device, seconds, steps: outcomes }, null, 2)}\n`,
  );
}
rmSync(join(folder, 'generated'), { recursive: true, force: true });
const failed = outcomes.filter(({ state }) => state === 'failed').length;
process.stdout.write(
  `${outcomes.length - failed} of ${outcomes.length} steps; ${join(folder, 'gpu.json')}\n`,
);
process.exitCode = failed === 0 ? 0 : 1;

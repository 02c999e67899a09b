import { type Dataset, openStoredDataset } from '../data/index.js';
import { evaluateSeed } from '../evaluate/evaluate-seed.js';
import type { TrainingImages } from '../evaluate/training-images.js';
import {
  type GpuOptions,
  loadSafetensors,
  RandomGenerator,
  scope,
  setGpuOptions,
  setThreads,
  type Tensor,
  toDeviceOf,
  tuneProcess,
} from '../tensor/index.js';
import type { FromWorker, ToWorker, TrainingJob, WorkerError } from './job.js';

// The program of a worker process: it does one job after another, and ends with its parent, however that ends.

const [count, setUp, gpu] = process.argv.slice(2);
// As its parent is, so that both compute with the same kernels.
if (setUp === 'tuned') tuneProcess();
setThreads(Number(count));

process.on('disconnect', () => process.exit());
// Ctrl-C reaches every process of the terminal; the parent, which it reaches too, decides what becomes of this one.
process.on('SIGINT', () => {});

process.on('message', ({ job }: ToWorker) => {
  work(job).then(
    (result) => tell({ type: 'done', result }),
    (error: unknown) => tell({ type: 'failed', error: asJson(error) }),
  );
});

function tell(message: FromWorker): void {
  process.send?.(message);
}

async function work(job: TrainingJob) {
  const { imports, images, test, trainingSample, seed, random, ...request } = job;
  if (random.device !== 'cpu') setGpuOptions(JSON.parse(gpu!) as GpuOptions);
  for (const module of imports) await import(module);
  using data = open(images, random.device);
  return await evaluateSeed(
    {
      ...request,
      data: () => data.images,
      test: dataset(test),
      ...(trainingSample !== undefined && { trainingSample: dataset(trainingSample) }),
      random: new RandomGenerator(random.seed, random.device),
      onEvent: (event) => tell({ type: 'event', event }),
    },
    seed,
  );
}

const opened = new Map<string, Dataset>();

function dataset(folder: string): Dataset {
  const known = opened.get(folder) ?? openStoredDataset(folder);
  opened.set(folder, known);
  return known;
}

function open(
  { kind, path }: TrainingJob['images'],
  device: string,
): Disposable & { images: TrainingImages } {
  if (kind === 'dataset') return { images: dataset(path), [Symbol.dispose]: () => {} };
  const tensors = scope(
    () =>
      new Map(
        [...loadSafetensors(path).tensors].map(([name, value]) => [
          name,
          toDeviceOf(value, device),
        ]),
      ),
  );
  const named = Object.fromEntries(tensors) as { images: Tensor; labels: Tensor };
  return {
    images: named,
    [Symbol.dispose]: () => {
      for (const tensor of tensors.values()) tensor.dispose();
    },
  };
}

function asJson(error: unknown): WorkerError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  return { name, message, ...(stack !== undefined && { stack }) };
}

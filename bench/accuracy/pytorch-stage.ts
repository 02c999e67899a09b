import { dirname } from 'node:path';
import { findPython, runPyTorch } from '../children.js';
import { type Context, poolSettings, say } from './context.js';
import type { SharedFiles } from './pretrain-stage.js';
import type { Distillation, Snapshot } from './store.js';

/** OPENBLAS_CORETYPE before our engine chose one. */
export interface UserEnvironment {
  readonly coreType: string | undefined;
}

/** The settings that the official code ships; ψ is off in all of them. */
const shipped = {
  factor: 2,
  realBatch: 1024,
  frequencies: 4096,
  psi: false,
  learningRate: 1e-3,
};

/** Has the PyTorch program distil for so many minutes. */
export async function pytorchStage(context: Context, user: UserEnvironment): Promise<void> {
  const { store, options } = context;
  for (const imagesPerClass of options.imagesPerClass) {
    const name = pytorchName(imagesPerClass);
    if (store.read(name, pytorchSettings(context)) !== undefined) continue;
    const python = findPython();
    say(`PyTorch: distilling ${imagesPerClass} images per class, ${options.minutes} minutes`);
    const coreType = options.openBlas === 'same' ? process.env.OPENBLAS_CORETYPE : user.coreType;
    const { snapshots } = await runPyTorch<{ snapshots: Snapshot[] }>(
      python,
      jobFor(context, imagesPerClass),
      { threads: context.threads, coreType: coreType ?? null },
    );
    const result: Distillation = {
      side: 'pytorch',
      imagesPerClass,
      label: 'PyTorch, official settings',
      snapshots: snapshots.map((each) => ({ ...each, path: store.relative(each.path) })),
    };
    store.write(name, pytorchSettings(context), result);
  }
}

function jobFor(context: Context, imagesPerClass: number): object {
  const { store, options, data } = context;
  const { shape, classNames, normalization } = data.train;
  const files = store.require<SharedFiles>('pretrain', poolSettings(context), 'pretrain');
  return {
    kind: 'distil',
    ...shipped,
    shape: [shape.channels, shape.height, shape.width],
    classes: classNames.length,
    imagesPerClass,
    width: options.width,
    normalization,
    realImages: store.path(files.realImages),
    networks: files.networks.map((pair) => pair.map((path) => store.path(path))),
    freshBatches: options.freshBatches,
    seconds: options.minutes * 60,
    ratio: options.snapshotRatio,
    folder: dirname(store.path(pytorchName(imagesPerClass), 'iteration')),
  };
}

/** The name of the result for so many images per class. */
export function pytorchName(imagesPerClass: number): string {
  return `pytorch-ipc${imagesPerClass}`;
}

/** What the result depends on. */
export function pytorchSettings(context: Context): object {
  const { freshBatches, minutes, snapshotRatio, openBlas } = context.options;
  return { ...poolSettings(context), freshBatches, minutes, snapshotRatio, openBlas };
}

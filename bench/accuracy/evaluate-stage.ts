import type { Tensor } from 'ncfm';
import { evaluate } from 'ncfm/evaluate';
import { decode, labelsByClass } from 'ncfm/methods';
import { loadPt, noGrad, scope } from 'ncfm/tensor';
import { type Context, generator, planFor, say } from './context.js';
import { oursName, oursSettings } from './ours-stage.js';
import { pytorchName, pytorchSettings } from './pytorch-stage.js';
import type { Distillation, Snapshot } from './store.js';

/** Accuracy in percent of each snapshot, by its `keyOf`. */
export type Accuracies = Record<string, { readonly mean: number; readonly std: number }>;

/** Tells a snapshot from one of an earlier distillation under the same path, by its time. */
export function keyOf({ path, seconds }: Snapshot): string {
  return `${path} ${seconds}`;
}

/** All distillations that the command line asks for; each must have been made. */
export function distillations(context: Context): Distillation[] {
  const { store, options } = context;
  return options.imagesPerClass.flatMap((ipc) => [
    store.require<Distillation>(pytorchName(ipc), pytorchSettings(context), 'pytorch'),
    ...options.iterations.map((iterations) =>
      store.require<Distillation>(oursName(ipc, iterations), oursSettings(context), 'ours'),
    ),
  ]);
}

/** Evaluates every snapshot of both sides alike: hard labels, the network after its last step. */
export async function evaluateStage(context: Context): Promise<void> {
  const { store } = context;
  const settings = evaluationSettings(context);
  const accuracies = store.read<Accuracies>('accuracies', settings) ?? {};
  for (const { label, imagesPerClass, snapshots } of distillations(context)) {
    for (const snapshot of snapshots) {
      const key = keyOf(snapshot);
      if (key in accuracies) continue;
      const accuracy = await accuracyOf(context, snapshot.path, imagesPerClass);
      accuracies[key] = accuracy;
      store.write('accuracies', settings, accuracies);
      const when = `iteration ${snapshot.iteration} (${snapshot.seconds.toFixed(1)} s)`;
      say(`IPC ${imagesPerClass}, ${label}, ${when}: ${accuracy.mean.toFixed(2)} %`);
    }
  }
}

/** What an accuracy depends on. */
export function evaluationSettings({ options: { steps, seeds, width } }: Context): object {
  return { steps, seeds, width };
}

async function accuracyOf(
  context: Context,
  path: string,
  imagesPerClass: number,
): Promise<{ mean: number; std: number }> {
  const { data, options, store } = context;
  const plan = planFor(context, imagesPerClass);
  const images = decodedImages(store.path(path), data.train.classNames.length);
  const labels = labelsByClass(
    data.train.classNames.length,
    images.size(0) / data.train.classNames.length,
    'cpu',
  );
  try {
    const { mean, std } = await evaluate({
      set: 'distilled',
      data: () => ({ images, labels }),
      normalization: data.train.normalization,
      test: data.test,
      model: plan.model,
      steps: options.steps,
      options: {
        ...plan.evaluate,
        length: { steps: options.steps },
        seeds: options.seeds,
        optimizer: { kind: 'adamw', learningRate: 3e-3 },
      },
      random: generator('evaluate'),
      onEvent: () => {},
    });
    return { mean, std: std ?? 0 };
  } finally {
    images.dispose();
    labels.dispose();
  }
}

/** Both sides store four scaled-down images in one. */
function decodedImages(path: string, classes: number): Tensor {
  return scope(() =>
    noGrad(() => {
      const [stored] = loadPt(path) as [Tensor, Tensor];
      return decode(stored, classes, { mode: 'single', factor: 2 }).clone();
    }),
  );
}

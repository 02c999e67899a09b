import { labelsByClass } from '../distill/index.js';
import { decodeStored } from '../distill/product.js';
import {
  labelImages,
  type SoftLabelMetadata,
  type SoftLabelOptions,
  saveSoftLabels,
  teacherAccuracy,
} from '../evaluate/index.js';
import type { RunDirectory } from '../run/index.js';
import { noGrad, scope, type Tensor } from '../tensor/index.js';
import { MetricsCollector } from '../train/metrics.js';
import { openTeacher } from './open-teacher.js';
import {
  beginOnRun,
  isFirst,
  type PipelineRequest,
  productFolder,
  type RunContext,
} from './run-context.js';

export interface LabelResult extends SoftLabelMetadata {
  readonly folder: string;
  readonly images: number;
}

/**
 * Writes static soft labels beside a run's distilled set, as the plan's `evaluate.labels` say, or by the whole pool when
 * they say nothing. Throws UsageError when the set was distilled from other images than the plan's.
 */
export async function labelRun(request: PipelineRequest): Promise<LabelResult> {
  const context = await beginOnRun(request, ['pretrain']);
  return await labelStored(request.directory, context);
}

/** Labels of the plan's kind, or those of the whole pool. */
function labelOptions({ plan }: RunContext): SoftLabelOptions {
  const { labels } = plan.evaluate;
  if (labels.mode !== 'hard') return labels;
  return {
    mode: 'static',
    teacher: { kind: 'pool', networks: 'all' },
    temperature: 1,
    correctToHard: false,
    hardShare: 0,
  };
}

export async function labelStored(
  directory: RunDirectory,
  context: RunContext,
): Promise<LabelResult> {
  const options = labelOptions(context);
  using teacher = await openTeacher(context, options.teacher);
  const folder = directory.pathOf(productFolder);
  using images = storedImages(folder, context);
  const { classNames, normalization } = context.data.train;
  const perClass = images.size(0) / classNames.length;
  using labels = labelsByClass(classNames.length, perClass, context.random.device);
  const imagesAtOnce = context.memory.chunks.test;
  const { signal } = context;
  using probabilities = await labelImages({
    teacher,
    data: { images, labels },
    normalization,
    options,
    imagesAtOnce,
    signal,
  });
  const metadata: SoftLabelMetadata = {
    formatVersion: 1,
    temperature: options.temperature,
    correctToHard: options.correctToHard,
    teacher: {
      hash: teacher.hash,
      networks: teacher.size,
      testAccuracy: await teacherAccuracy(teacher, context.data.test, {
        device: context.random.device,
        imagesAtOnce,
        signal,
      }),
    },
    agreement: agreement(probabilities, labels, classNames.length),
  };
  if (isFirst(context)) saveSoftLabels(folder, { probabilities, metadata });
  await context.group?.together(() => undefined, signal);
  return { ...metadata, folder, images: images.size(0) };
}

function storedImages(folder: string, { plan, data, random }: RunContext): Tensor {
  const { imagesPerClass } = plan.distill;
  return decodeStored(folder, { train: data.train, imagesPerClass, device: random.device });
}

/** The share of images whose most probable class is their label, in percent. */
function agreement(probabilities: Tensor, labels: Tensor, classes: number): number {
  const collector = new MetricsCollector(classes);
  const logarithms = scope(() => noGrad(() => probabilities.log().toFloat32Array()));
  collector.add(logarithms, Int32Array.from(labels.toArray() as BigInt64Array, Number));
  return collector.result().accuracy;
}

import { normalize } from '../../augment/index.js';
import { yieldToEvents } from '../../core/event-loop.js';
import type { Normalization } from '../../core/index.js';
import { spans } from '../../core/index.js';
import { cat, noGrad, scope, type Tensor } from '../../tensor/index.js';
import { oneHot } from '../../tensor/ops.js';
import { usualImagesAtOnce } from '../../train/images-at-once.js';
import type { SeenBatch, SoftTargets, TrainingBatch } from '../../train/train.js';
import type { SoftLabelOptions } from './options.js';
import type { Teacher } from './teacher.js';

/** Targets for a training of `steps` steps. Static ones read the soft labels of the batches; the others ask `teacher`. */
export function softTargets(
  { mode, temperature, correctToHard, hardShare }: SoftLabelOptions,
  teacher: Teacher | undefined,
  steps: number,
): SoftTargets {
  const given = (batch: SeenBatch): Tensor => {
    if (mode === 'static') return mixedLabels(batch);
    if (teacher === undefined) throw new TypeError('on-the-fly soft labels need a teacher');
    const probabilities = teacher.probabilities(batch.images, temperature);
    return correctToHard ? corrected(probabilities, batch) : probabilities;
  };
  return {
    of: (batch) => scope(() => given(batch)),
    temperature,
    hardSteps: Math.round(hardShare * steps),
  };
}

/** The batch's own soft labels, mixed as its images are. */
function mixedLabels({ probabilities, mix }: SeenBatch): Tensor {
  if (probabilities === undefined)
    throw new TypeError('static soft labels are to come with the images, and did not');
  return mix ? mixed(probabilities, mix) : probabilities;
}

/**
 * Rows whose largest entry is at another class than the image's (of a mixed image: than both of its) become the label
 * itself. Unlike the official code, which writes ones and zeros among scores and softens them, so that about a quarter
 * of the label is left, a corrected row is exactly the label.
 */
function corrected(probabilities: Tensor, { labels, mix }: Omit<SeenBatch, 'images'>): Tensor {
  const predicted = probabilities.argmax(1);
  const own = predicted.eq(labels).to('float32');
  const partner = mix && predicted.eq(labels.indexSelect(0, mix.partner)).to('float32');
  const right = (partner ? own.add(partner).clamp(0, 1) : own).unsqueeze(1);
  const certain = oneHot(labels, probabilities.size(1)).to('float32');
  const hard = mix ? mixed(certain, mix) : certain;
  return probabilities.mul(right).add(hard.mul(right.neg().add(1)));
}

function mixed(rows: Tensor, { partner, weight }: NonNullable<SeenBatch['mix']>): Tensor {
  return rows.mul(weight).add(rows.indexSelect(0, partner).mul(1 - weight));
}

export interface LabelRequest {
  readonly teacher: Teacher;
  /** Decoded images, and their classes. */
  readonly data: Pick<TrainingBatch, 'images' | 'labels'>;
  readonly normalization: Normalization;
  readonly options: Pick<SoftLabelOptions, 'temperature' | 'correctToHard'>;
  readonly imagesAtOnce?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Static soft labels: the teacher's distribution for each image as it is, [n, classes]. The caller owns them. */
export async function labelImages(request: LabelRequest): Promise<Tensor> {
  const { teacher, data, normalization, options, signal } = request;
  const [, , height, width] = data.images.shape as [number, number, number, number];
  const usual = usualImagesAtOnce(data.images.device, { height, width });
  const { imagesAtOnce = usual.forward } = request;
  const parts: Tensor[] = [];
  try {
    for (const { start, length } of spans(data.images.size(0), imagesAtOnce)) {
      parts.push(
        scope(() =>
          noGrad(() => {
            const images = data.images.narrow(0, start, length);
            const labels = data.labels.narrow(0, start, length);
            const seen = normalize(images, normalization);
            const probabilities = teacher.probabilities(seen, options.temperature);
            return options.correctToHard ? corrected(probabilities, { labels }) : probabilities;
          }),
        ),
      );
      await yieldToEvents(signal);
    }
    return cat(parts);
  } finally {
    for (const part of parts) part.dispose();
  }
}

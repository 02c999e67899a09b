import {
  type DistilledMetadata,
  decode,
  decodedPerClass,
  loadDistilled,
} from '../../distill/index.js';
import { loadSoftLabels } from '../../evaluate/index.js';
import { noGrad, scope, type Tensor } from '../../tensor/index.js';

/** decoded: the images that networks train on; stored: those that were optimised, which may hold several tiles each. */
export type ExportForm = 'decoded' | 'stored';

/** What is exported; owns its tensors. */
export interface ExportedSet extends Disposable {
  readonly form: ExportForm;
  /** [classes · perClass, c, h, w] in [0, 1], class by class. */
  readonly images: Tensor;
  /** One per image, ascending. */
  readonly labels: readonly number[];
  /** Soft labels [classes · perClass, classes], of decoded images that have some. */
  readonly probabilities?: Tensor;
  /** Whether there are soft labels that this form leaves out. */
  readonly softLabelsLeftOut: boolean;
  readonly metadata: DistilledMetadata;
}

/**
 * The set in a product folder in one of its two forms. Soft labels belong to decoded images, so the stored form has
 * none. Throws UsageError when the folder holds no set, or a damaged one.
 */
export function readExportedSet(folder: string, form: ExportForm): ExportedSet {
  const { images: stored, metadata } = loadDistilled(folder, 'cpu');
  const { classNames, formation, imagesPerClass } = metadata;
  const classes = classNames.length;
  const owned: Tensor[] = [stored];
  const dispose = (): void => {
    for (const tensor of owned) tensor.dispose();
  };
  try {
    const decoded = decodedPerClass(formation, imagesPerClass);
    const soft = loadSoftLabels(folder, [classes * decoded, classes])?.probabilities;
    if (soft) owned.push(soft);
    const whole = form === 'decoded';
    const images = whole
      ? scope(() => noGrad(() => decode(stored, classes, formation).clone()))
      : stored;
    if (whole) owned.push(images);
    const perClass = images.size(0) / classes;
    return {
      form,
      images,
      labels: Array.from({ length: images.size(0) }, (_, index) => Math.floor(index / perClass)),
      ...(whole && soft && { probabilities: soft }),
      softLabelsLeftOut: !whole && soft !== undefined,
      metadata,
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Numbers of the labels of each class, in order: the k-th image of a class has number k. */
export function placesInClass(labels: readonly number[]): number[] {
  const seen = new Map<number, number>();
  return labels.map((label) => {
    const place = seen.get(label) ?? 0;
    seen.set(label, place + 1);
    return place;
  });
}

import { initializeSynthetic } from '../../distill/synthetic.js';
import type { Tensor } from '../../tensor/index.js';
import type { Distiller, MethodInput } from '../method.js';

/** What a set will be: images [classes · imagesPerClass, c, h, w] in [0, 1], class by class, and what is told of them. */
export interface Selected {
  readonly images: Tensor;
  readonly loss: number;
}

/**
 * A distillation of one step: from random real images to those that `select` gives, which are made before it. The
 * distiller disposes them.
 */
export async function selectionDistiller(
  { dataset, options, random }: MethodInput,
  select: () => Promise<Selected>,
): Promise<Distiller> {
  const { imagesPerClass, formation, initialization } = options;
  const form = { imagesPerClass, formation, initialization };
  const synthetic = initializeSynthetic(dataset, { ...form, random: random.derive('start') });
  try {
    return distillerOf(synthetic, await select());
  } catch (error) {
    synthetic.dispose();
    throw error;
  }
}

function distillerOf(synthetic: Distiller['synthetic'], { images, loss }: Selected): Distiller {
  let iteration = 0;
  return {
    synthetic,
    get iteration() {
      return iteration;
    },
    step: () => {
      synthetic.restore(images);
      iteration += 1;
      return { loss, terms: {} };
    },
    getState: () => ({ tensors: new Map([['images', synthetic.images]]), values: { iteration } }),
    setState: ({ tensors, values }) => {
      synthetic.restore(tensors.get('images'));
      iteration = (values as { readonly iteration: number }).iteration;
    },
    [Symbol.dispose]: () => images.dispose(),
  };
}

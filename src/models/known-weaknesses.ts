import { alexNetDefaults } from './alexnet.js';
import { isKnownModel, type KnownModelOptions, type ModelOptions } from './build.js';
import { denseNetDefaults } from './densenet.js';
import { resNetDefaults } from './resnet.js';
import { vggDefaults } from './vgg.js';

/** Depths at which the literature compares; deeper ones fit tiny sets worse. */
const comparedDepths = { vgg: 11, resnet: 18, 'resnet-ap': 18 } as const;

/**
 * What is known to go wrong when a network is trained on a distilled set, which is tiny: a sentence with a remedy, or
 * undefined when nothing is known. To be shown beside the network's accuracy; it says nothing about large sets.
 */
export function knownWeakness(options: ModelOptions): string | undefined {
  if (!isKnownModel(options)) return undefined;
  const norm = normOf(options);
  if (norm === 'batch') {
    return `${options.name} with batch normalisation does badly on tiny sets, whose few images give running statistics that do not fit the test images; norm: instance does better`;
  }
  if (norm === 'none' && options.name === 'alexnet') {
    return 'alexnet without normalisation is slow to begin learning from few images; if its accuracy stays near chance, use norm: instance or another learning rate';
  }
  if ('depth' in options && options.name in comparedDepths) {
    const compared = comparedDepths[options.name as keyof typeof comparedDepths];
    if (typeof options.depth === 'number' && options.depth > compared) {
      return `${options.name} of depth ${options.depth} does worse on tiny sets than shallower ones; the literature compares at depth ${compared}`;
    }
  }
  return undefined;
}

function normOf(options: KnownModelOptions): string | undefined {
  switch (options.name) {
    case 'densenet':
      return options.norm ?? denseNetDefaults.norm;
    case 'alexnet':
      return options.norm ?? alexNetDefaults.norm;
    case 'vgg':
      return options.norm ?? vggDefaults.norm;
    case 'resnet':
    case 'resnet-ap':
      return options.norm ?? resNetDefaults.norm;
    default:
      return 'norm' in options ? options.norm : undefined;
  }
}

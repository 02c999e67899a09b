import type { z } from 'zod';
import { pixelsToTensor } from '../../data/index.js';
import {
  type FeaturesOf,
  forgettingSelector,
  herdingSelector,
  type ImageSelector,
  kCentreSelector,
  randomSelector,
  selectImages,
} from '../../distill/selectors/select.js';
import { keep } from '../../tensor/index.js';
import { imageFeatures } from '../../train/features.js';
import type { DistillOptions, Method, MethodInput } from '../method.js';
import { selectionDefaults, selectionSchema } from '../schema.js';
import { selectionDistiller } from './distiller.js';
import { forgettingScores } from './forgetting-scores.js';
import { trainedNetwork } from './trained-network.js';

/** Real images drawn at random: what every other method is to beat. */
const randomImages = coreset({
  name: 'random',
  title: 'Random real images',
  loss: 'share of real images left out',
  material: 'none',
  select: (input, choose) => choose(randomSelector(input.random)),
});

/** The real images whose mean feature is nearest to their class's; see `herd`. */
const herding = coreset({
  name: 'herding',
  title: 'Herding',
  loss: 'distance of mean features',
  material: 'pool',
  select: (input, choose) => onFeatures(input, (features) => choose(herdingSelector(features))),
});

/** Real images that no other of their class is far from; see `kCentre`. */
const kCentreImages = coreset({
  name: 'k-centre',
  title: 'k-centre',
  loss: 'largest distance of features',
  material: 'pool',
  select: (input, choose) => onFeatures(input, (features) => choose(kCentreSelector(features))),
});

/** The real images that a network in training forgets most often; see `forgettingScores`. */
const forgetting = coreset({
  name: 'forgetting',
  title: 'Forgetting',
  loss: 'share of images never forgotten',
  material: 'training',
  async select({ dataset, buildModel, pretrain, chunks, random, signal }, choose) {
    if (pretrain === undefined) throw new TypeError('expected how a network is trained');
    const scores = await forgettingScores({
      train: dataset,
      buildModel,
      options: pretrain,
      imagesAtOnce: chunks?.real,
      random: random.derive('training'),
      signal,
    });
    return await choose(forgettingSelector(scores, random.derive('ties')));
  },
});

/** The methods that choose whole real images. */
export const coresets: readonly Method[] = [randomImages, herding, kCentreImages, forgetting];

/** The `distill` mapping of a configuration that names one of them. */
export type CoresetInput = z.input<
  ReturnType<typeof selectionSchema<CoresetName, Record<never, never>>>
>;
type CoresetName = 'random' | 'herding' | 'k-centre' | 'forgetting';

type Chosen = ReturnType<typeof selectImages>;

interface Coreset extends Pick<Method, 'title' | 'loss' | 'material'> {
  readonly name: CoresetName;
  /** Makes a selector and has it choose. */
  select(input: MethodInput, choose: (selector: ImageSelector) => Chosen): Chosen;
}

function coreset({ select, ...about }: Coreset): Method {
  return {
    ...about,
    schema: selectionSchema(about.name, {}),
    defaults: { method: about.name, ...selectionDefaults },
    ...(about.material === 'pool' && { pretrain: { networks: 1 } }),
    realPerClass: () => 1,
    start: (input) =>
      selectionDistiller(input, async () => {
        const { dataset, options, random } = input;
        const choose = (selector: ImageSelector): Chosen =>
          selectImages(dataset, options.imagesPerClass, selector);
        const { indices, loss } = await select(input, choose);
        const pixels = dataset.read(indices);
        const images = pixelsToTensor(pixels, indices.length, dataset.shape, random.device);
        return { images: keep(images), loss };
      }),
  };
}

/** Lends the features of the pool's first trained network. */
async function onFeatures<T>(
  input: MethodInput<DistillOptions>,
  use: (featuresOf: FeaturesOf) => Promise<T>,
): Promise<T> {
  const { dataset, chunks, random, signal } = input;
  using network = trainedNetwork(input, 0);
  const options = { device: random.device, imagesAtOnce: chunks?.real, signal };
  return await use((indices) => imageFeatures(network, dataset, indices, options));
}

import { nearest, type RandomGenerator, UsageError } from '../tensor/index.js';
import { ConvNet, type ConvNetOptions } from './convnet.js';
import type { ImageModel, InputShape } from './model.js';

export { ConvNet, type ConvNetOptions } from './convnet.js';
export { ImageModel, type InputShape } from './model.js';

/** Which network to build. */
export type ModelOptions = { readonly name: 'convnet' } & ConvNetOptions;

type Builder = (
  input: InputShape,
  classes: number,
  options: ModelOptions,
  random: RandomGenerator,
) => ImageModel;

const builders: Record<ModelOptions['name'], Builder> = {
  convnet: (input, classes, options, random) => new ConvNet(input, classes, options, random),
};

/** The names `buildModel` knows. */
export const modelNames = Object.keys(builders) as ModelOptions['name'][];

/**
 * Builds a freshly initialised network on the generator's device; the caller owns it. Throws UsageError for an unknown
 * name or an image size the network cannot take.
 */
export function buildModel(
  options: ModelOptions,
  input: InputShape,
  classes: number,
  random: RandomGenerator,
): ImageModel {
  const builder = builders[options.name];
  if (builder === undefined) {
    const near = nearest(options.name, modelNames);
    throw new UsageError(
      `unknown model '${options.name}'; known: ${modelNames.join(', ')}${near ? `. Did you mean '${near}'?` : ''}`,
    );
  }
  return builder(input, classes, options, random);
}

import type { ImageShape } from '../core/image-shape.js';
import { nearest, UsageError } from '../core/index.js';
import type { RandomGenerator } from '../tensor/index.js';
import { AlexNet, type AlexNetOptions } from './alexnet.js';
import { ConvNet, type ConvNetOptions, withDepth } from './convnet.js';
import { ConvNext, type ConvNextOptions } from './convnext.js';
import { DenseNet, type DenseNetOptions } from './densenet.js';
import { LeNet, type LeNetOptions } from './lenet.js';
import { Mlp, type MlpOptions } from './mlp.js';
import type { ImageModel } from './model.js';
import { ResNet, ResNetAp, type ResNetOptions } from './resnet.js';
import { Vgg, type VggOptions } from './vgg.js';

/** The options of each model, by its name. */
interface OptionsByName {
  convnet: ConvNetOptions;
  mlp: MlpOptions;
  lenet: LeNetOptions;
  alexnet: AlexNetOptions;
  vgg: VggOptions;
  resnet: ResNetOptions;
  'resnet-ap': ResNetOptions;
  densenet: DenseNetOptions;
  convnext: ConvNextOptions;
}

export type ModelName = keyof OptionsByName;

/** Which network to build: a name, and that network's options. */
export type ModelOptions = {
  [Name in ModelName]: { readonly name: Name } & OptionsByName[Name];
}[ModelName];

type Network<Options> = new (
  input: ImageShape,
  classes: number,
  options: Options,
  random: RandomGenerator,
) => ImageModel;

const networks: { readonly [Name in ModelName]: Network<OptionsByName[Name]> } = {
  convnet: ConvNet,
  mlp: Mlp,
  lenet: LeNet,
  alexnet: AlexNet,
  vgg: Vgg,
  resnet: ResNet,
  'resnet-ap': ResNetAp,
  densenet: DenseNet,
  convnext: ConvNext,
};

/** The names `buildModel` knows. */
export const modelNames = Object.keys(networks) as [ModelName, ...ModelName[]];

/**
 * Builds a freshly initialised network on the generator's device; the caller owns it. Throws UsageError for an unknown
 * name, options out of range, or an image size the network cannot take.
 */
export function buildModel(
  options: ModelOptions,
  input: ImageShape,
  classes: number,
  random: RandomGenerator,
): ImageModel {
  const network: Network<never> | undefined = networks[options.name];
  if (network === undefined) throw unknownModel(options.name, modelNames);
  return new (network as Network<ModelOptions>)(input, classes, options, random);
}

/** The options with what depends on the images' size filled in: the depth of a ConvNet. */
export function resolveModel(options: ModelOptions, input: ImageShape): ModelOptions {
  return options.name === 'convnet' ? withDepth(options, input) : options;
}

/** Short names of networks with a depth, as tables have them: vgg11, resnet18, resnet-ap10, convnet4, … */
const numbered = /^(convnet|vgg|resnet|resnet-ap)-?(\d+)$/;

/**
 * The network that a short name stands for: `resnet18` is `{ name: 'resnet', depth: 18 }`, and the name of a model is
 * that model as it usually is. Throws UsageError for an unknown name; `buildModel` checks the depth.
 */
export function modelOf(shortName: string): ModelOptions {
  if ((modelNames as readonly string[]).includes(shortName)) {
    return { name: shortName } as ModelOptions;
  }
  const [, name, depth] = numbered.exec(shortName) ?? [];
  if (name === undefined) {
    throw unknownModel(shortName, [...modelNames, 'vgg11', 'resnet18', 'resnet-ap10']);
  }
  return { name, depth: Number(depth) } as ModelOptions;
}

function unknownModel(name: string, known: readonly string[]): UsageError {
  const near = nearest(name, known);
  return new UsageError(
    `unknown model '${name}'; known: ${known.join(', ')}${near ? `. Did you mean '${near}'?` : ''}`,
  );
}

import type { ImageShape } from '../core/image-shape.js';
import {
  Definitions,
  nearest,
  type OwnChoice,
  type OwnOptions,
  UsageError,
  type Widened,
} from '../core/index.js';
import type { RandomGenerator } from '../tensor/index.js';
import { AlexNet, type AlexNetOptions } from './alexnet.js';
import { ConvNet, type ConvNetOptions, withDepth } from './convnet.js';
import { ConvNext, type ConvNextOptions } from './convnext.js';
import { ModelDefinition, type ModelSource } from './define.js';
import { DenseNet, type DenseNetOptions } from './densenet.js';
import { LeNet, type LeNetOptions } from './lenet.js';
import { Mlp, type MlpOptions } from './mlp.js';
import type { ImageModel } from './model.js';
import { ResNet, ResNetAp, type ResNetOptions } from './resnet.js';
import { Vgg, type VggOptions } from './vgg.js';

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

/** A network of ncfm's: a name, and that network's options. */
export type KnownModelOptions = {
  [Name in ModelName]: { readonly name: Name } & OptionsByName[Name];
}[ModelName];

/** Which network to build: one of ncfm's, or one that `defineModel` has made known. */
export type ModelOptions = KnownModelOptions | OwnChoice;

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

export const modelNames = Object.keys(networks) as [ModelName, ...ModelName[]];

/** Short names of networks with a depth, as tables have them: vgg11, resnet18, resnet-ap10, convnet4, … */
const numbered = /^(convnet|vgg|resnet|resnet-ap)-?(\d+)$/;

const definitions = new Definitions<ModelDefinition>(
  'model',
  (name) => name in networks || numbered.test(name),
);

/**
 * Makes a network of one's own known by a name, so that configurations, options and worker processes can have it like
 * ncfm's. What is trained with it is found again only as long as its code is the same: that of `module`, or `version`.
 *
 * @returns the definition, to be given where a model is asked for; `with` gives it with other options
 * @throws UsageError for a name that is taken, options that are no plain values, or neither module nor version
 */
export function defineModel<const Options extends OwnOptions>(
  name: string,
  source: ModelSource<Widened<Options>> & { readonly options?: Options },
): ModelDefinition<Widened<Options>> {
  const definition = new ModelDefinition<Widened<Options>>(name, source);
  definitions.add(definition as unknown as ModelDefinition);
  return definition;
}

/** The models that `defineModel` has made known. */
export const ownModels: Pick<Definitions<ModelDefinition>, 'all' | 'find' | 'isFrom'> = definitions;

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
  if (isKnownModel(options)) {
    const network = networks[options.name] as Network<KnownModelOptions>;
    return new network(input, classes, options, random);
  }
  const definition = definitions.find(options.name);
  if (definition === undefined) throw unknownModel(options.name);
  return definition.build(options, input, classes, random);
}

export function isKnownModel(options: ModelOptions): options is KnownModelOptions {
  return Object.hasOwn(networks, options.name);
}

/**
 * The options with what they leave open filled in: the depth of a ConvNet, which depends on the images' size, and the
 * version of the code of a model of one's own.
 */
export function resolveModel(options: ModelOptions, input: ImageShape): ModelOptions {
  if (!isKnownModel(options)) return definitions.find(options.name)?.with(options) ?? options;
  return options.name === 'convnet' ? withDepth(options, input) : options;
}

/**
 * The network that a short name stands for: `resnet18` is `{ name: 'resnet', depth: 18 }`, and the name of a model is
 * that model as it usually is. Throws UsageError for an unknown name; `buildModel` checks the depth.
 */
export function modelOf(shortName: string): ModelOptions {
  if ((modelNames as readonly string[]).includes(shortName)) {
    return { name: shortName } as ModelOptions;
  }
  const definition = definitions.find(shortName);
  if (definition !== undefined) return definition.with();
  const [, name, depth] = numbered.exec(shortName) ?? [];
  if (name === undefined) throw unknownModel(shortName, ['vgg11', 'resnet18', 'resnet-ap10']);
  return { name, depth: Number(depth) } as ModelOptions;
}

function unknownModel(name: string, others: readonly string[] = []): UsageError {
  const known = [...modelNames, ...definitions.names, ...others];
  const near = nearest(name, known);
  return new UsageError(
    `unknown model '${name}'; known: ${known.join(', ')}${near ? `. Did you mean '${near}'?` : ''}`,
  );
}

import { z } from 'zod';
import {
  alexNetDefaults,
  convNetDefaults,
  convNextDefaults,
  denseNetDefaults,
  leNetDefaults,
  type ModelDefinition,
  type ModelOptions,
  mlpDefaults,
  modelNames,
  type OwnModelOptions,
  type OwnOptions,
  type OwnValue,
  ownModels,
  resNetDefaults,
  resNetDepths,
  resNetStems,
  vggDefaults,
  vggDepths,
} from '../models/index.js';
import { activations, type NormKind, normKinds, poolings } from '../nn/index.js';
import {
  choice,
  flag,
  growing,
  integer,
  integerOrAutomatic,
  list,
  mapping,
  number,
  text,
  variants,
} from './fields.js';

const width = (usual: number) => integer({ from: 1, to: 8192 }).default(usual);
const depthOf = <const D extends number>(depths: readonly D[]) =>
  z.literal(depths, { error: `one of ${depths.join(', ')}` });
const norm = (usual: NormKind) => choice(normKinds).default(usual);
const activation = choice(activations).default('relu');
const pooling = choice(['average', 'max']).default('max');
const dropped = number({ from: 0, below: 1 }).default(0);

const residual = {
  depth: depthOf(resNetDepths).default(resNetDefaults.depth),
  width: width(resNetDefaults.width),
  norm: norm(resNetDefaults.norm),
  activation,
  stem: z.exactOptional(choice(resNetStems)),
};

const knownModels = [
  mapping({
    name: z.literal('convnet'),
    depth: integerOrAutomatic({ from: 1, to: 10 }).default(convNetDefaults.depth),
    width: width(convNetDefaults.width),
    norm: norm(convNetDefaults.norm),
    activation,
    pooling: choice(poolings).default(convNetDefaults.pooling),
  }),
  mapping({
    name: z.literal('mlp'),
    depth: integer({ from: 2, to: 100 }).default(mlpDefaults.depth),
    width: width(mlpDefaults.width),
    activation,
    dropout: dropped,
  }),
  mapping({
    name: z.literal('lenet'),
    width: width(leNetDefaults.width),
    norm: norm(leNetDefaults.norm),
    activation,
    pooling,
  }),
  mapping({
    name: z.literal('alexnet'),
    width: width(alexNetDefaults.width),
    norm: norm(alexNetDefaults.norm),
    activation,
    pooling,
    dropout: dropped,
  }),
  mapping({
    name: z.literal('vgg'),
    depth: depthOf(vggDepths).default(vggDefaults.depth),
    width: width(vggDefaults.width),
    norm: norm(vggDefaults.norm),
    activation,
    pooling,
    dropout: dropped,
  }),
  mapping({ name: z.literal('resnet'), ...residual }),
  mapping({ name: z.literal('resnet-ap'), ...residual }),
  mapping({
    name: z.literal('densenet'),
    width: width(denseNetDefaults.width),
    norm: norm(denseNetDefaults.norm),
    activation,
  }),
  mapping({
    name: z.literal('convnext'),
    depth: integer({ from: 1, to: 100 }).default(convNextDefaults.depth),
    width: width(convNextDefaults.width),
    dropPath: dropped,
  }),
] as const;

type KnownModel = (typeof knownModels)[number];

/** A model of the user's own: the options that it was defined with, of the kinds that their defaults are of. */
function ownModel(definition: ModelDefinition) {
  const fields = Object.entries(definition.options).map(
    ([option, usual]) => [option, ownField(usual).default(usual)] as const,
  );
  return mapping({
    name: z.literal(definition.name),
    // Written out in the configurations of runs; what counts is the code that is here now.
    version: z.exactOptional(z.unknown()),
    ...Object.fromEntries(fields),
  }).transform((options) => definition.with(options as OwnOptions));
}

function ownField(usual: OwnValue): z.ZodType<OwnValue> {
  const anyNumber = z.number({ error: 'a number' });
  if (typeof usual === 'number') return anyNumber;
  if (typeof usual === 'string') return text('a text');
  return typeof usual === 'boolean' ? flag() : list(anyNumber, 'a list of numbers');
}

let every: z.ZodType<ModelOptions> | undefined;
let defined: readonly ModelDefinition[] = [];

function everyModel(): z.ZodType<ModelOptions> {
  const now = ownModels.all;
  if (every === undefined || now.some((definition, index) => definition !== defined[index])) {
    const names = [...modelNames, ...now.map(({ name }) => name)];
    every = variants('name', names, [...knownModels, ...now.map(ownModel)]);
    defined = now;
  }
  return every;
}

/** The `model` and `student` mappings: the models by name, each with the keys it takes. */
export const model = growing<ModelOptions, z.input<KnownModel> | OwnModelOptions>(everyModel);

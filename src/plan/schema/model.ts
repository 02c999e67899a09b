import { z } from 'zod';
import type { OwnChoice } from '../../core/index.js';
import {
  alexNetDefaults,
  convNetDefaults,
  convNextDefaults,
  denseNetDefaults,
  leNetDefaults,
  type ModelOptions,
  mlpDefaults,
  modelNames,
  ownModels,
  resNetDefaults,
  resNetDepths,
  resNetStems,
  vggDefaults,
  vggDepths,
} from '../../models/index.js';
import { activations, type NormKind, normKinds, poolings } from '../../nn/index.js';
import {
  choice,
  growing,
  integer,
  integerOrAutomatic,
  mapping,
  number,
  variants,
} from './fields.js';
import { ofDefined, ownChoice } from './own.js';

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

const everyModel = ofDefined(
  () => ownModels.all,
  (own): z.ZodType<ModelOptions> => {
    const names = [...modelNames, ...own.map(({ name }) => name)];
    return variants('name', names, [...knownModels, ...own.map(ownChoice)]);
  },
);

/** The `model` and `student` mappings: the models by name, each with the keys it takes. */
export const model = growing<ModelOptions, z.input<KnownModel> | OwnChoice>(everyModel);

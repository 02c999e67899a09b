import type { PlainMapping } from '../tree.js';

/** A value in the official project's YAML. */
export type OfficialValue = string | number | boolean;

/** All values of a file by key; the official code does not tell sections apart either. */
export type OfficialValues = ReadonlyMap<string, OfficialValue>;

/** What becomes of a key: settings of ours by path, or none, and why. */
export interface Translation {
  /**
   * - mapped: means the same here
   * - corrected: what the official code makes of it is a fault, which is not carried over
   * - ignored: has no counterpart, and needs none
   */
  readonly outcome: 'mapped' | 'corrected' | 'ignored';
  readonly sets?: PlainMapping;
  readonly note?: string;
}

/** Thrown by a rule for a value that it does not know. */
export class UnknownValue extends Error {}

/** Translates one key's value; other keys' values may have a say. */
export type Rule = (value: OfficialValue, all: OfficialValues) => Translation;

/** The same value, at each of these paths. */
export const mapped =
  (...paths: readonly string[]): Rule =>
  (value) => ({ outcome: 'mapped', sets: Object.fromEntries(paths.map((path) => [path, value])) });
/** No counterpart, and why there needs to be none. */
export const ignored =
  (note: string): Rule =>
  () => ({ outcome: 'ignored', note });

/** The word of ours for an official one, in any case of letters. Throws UnknownValue for others. */
export function among<T>(known: { readonly [value: string]: T }, value: OfficialValue): T {
  const key = String(value).toLowerCase();
  if (Object.hasOwn(known, key)) return known[key]!;
  throw new UnknownValue(`expected one of ${Object.keys(known).join(', ')}`);
}

/** Another key's number, or the official code's usual one. */
export function numeric(all: OfficialValues, key: string, usual: number): number {
  const value = all.get(key);
  return typeof value === 'number' ? value : usual;
}

/** Words of the official project, and ours. */
export const datasets = {
  cifar10: 'cifar-10',
  cifar100: 'cifar-100',
  tinyimagenet: 'tiny-imagenet',
  imagenette: 'imagenette',
  imagewoof: 'imagewoof',
  imagefruit: 'imagefruit',
  imagemeow: 'imagemeow',
  imagesquawk: 'imagesquawk',
  imageyellow: 'imageyellow',
  svhn: 'svhn',
  mnist: 'mnist',
  fashion: 'fashion-mnist',
  fashionmnist: 'fashion-mnist',
} as const;

export const networks = {
  convnet: 'convnet',
  resnet: 'resnet',
  resnet_ap: 'resnet-ap',
  densenet: 'densenet',
} as const;

export const norms = {
  instance: 'instance',
  batch: 'batch',
  group: 'group',
  layer: 'layer',
  none: 'none',
} as const;

/** Strengths of the official augmentations, by the word in a strategy. */
const strengths: { readonly [word: string]: PlainMapping } = {
  color: { brightness: 1, saturation: 2, contrast: 0.5 },
  crop: { crop: 0.125 },
  cutout: { cutout: 0.5 },
  flip: { flip: true },
  scale: { scale: 1.2 },
  rotate: { rotate: 15 },
};

/** Every augmentation switched off. */
export const off = {
  brightness: null,
  saturation: null,
  contrast: null,
  crop: null,
  cutout: null,
  flip: false,
};

/** The strengths that a strategy such as `color_crop_cutout` stands for. */
export function strategy(value: OfficialValue): PlainMapping {
  const words = String(value)
    .split('_')
    .filter((word) => word !== '');
  return Object.assign({}, ...words.map((word) => among(strengths, word)));
}

/** The images' optimiser: Adam's rate is scaled by a factor of its own in the official code. */
export function imageOptimizer(value: OfficialValue, all: OfficialValues): Translation {
  const kind = among({ adamw: 'adamw', adam: 'adam', sgd: 'sgd' } as const, value);
  const rate = numeric(all, 'lr_img', 0.01);
  const optimizer =
    kind === 'sgd'
      ? { kind, learningRate: rate, momentum: numeric(all, 'mom_img', 0.5) }
      : {
          kind,
          learningRate: rounded(rate * numeric(all, 'lr_scale_adam', 0.1)),
          weightDecay: kind === 'adamw' ? numeric(all, 'weight_decay', 5e-4) : 0,
        };
  return {
    outcome: 'corrected',
    sets: { 'distill.optimizer': optimizer, ...scheduleUnlessGiven(all) },
    note: 'one step moves all classes here; the official code steps the images of all classes once for every class. The presets take adam at 0.01',
  };
}

/** In the official code's older versions the schedule is not a setting. */
function scheduleUnlessGiven(all: OfficialValues): PlainMapping {
  if (all.has('condense_scheduler_patience')) return {};
  return { 'distill.schedule': { kind: 'plateau', factor: 0.5, patience: 500 } };
}

/** The optimiser of the networks trained on the distilled images. */
export function evaluationOptimizer(value: OfficialValue, all: OfficialValues): Translation {
  const kind = among({ adamw: 'adamw', sgd: 'sgd' } as const, value);
  const optimizer =
    kind === 'sgd'
      ? { kind, learningRate: numeric(all, 'lr', 0.01), momentum: numeric(all, 'momentum', 0.9) }
      : { kind, learningRate: numeric(all, 'adamw_lr', 1e-3) };
  return { outcome: 'mapped', sets: { 'evaluate.optimizer': optimizer } };
}

/** The official weights of the two terms need not sum to 1: their sum becomes part of the weight of the whole. */
export function weights(_: OfficialValue, all: OfficialValues): Translation {
  const [alpha, beta] = [numeric(all, 'alpha_for_loss', 0.5), numeric(all, 'beta_for_loss', 0.5)];
  const sum = alpha + beta;
  if (!(alpha >= 0 && beta >= 0 && sum > 0)) {
    throw new UnknownValue('expected alpha_for_loss and beta_for_loss from 0, one of them above');
  }
  const whole = sum === 1 ? {} : { 'distill.discrepancyWeight': rounded(300 * Math.sqrt(sum)) };
  return { outcome: 'mapped', sets: { 'distill.alpha': rounded(alpha / sum), ...whole } };
}

/** Without the last digits, in which a product of decimal fractions is not the decimal fraction it should be. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

/** Where the frequencies come from. */
export function frequencies(value: OfficialValue, all: OfficialValues): Translation {
  if (typeof value !== 'boolean') throw new UnknownValue('expected true or false');
  const count = numeric(all, 'num_freqs', 4096);
  if (value !== true) {
    return {
      outcome: 'mapped',
      sets: { 'distill.frequencies': { kind: 'gaussian', count, scale: 'auto' } },
    };
  }
  const optimizer = {
    kind: 'sgd',
    learningRate: numeric(all, 'lr_sampling_net', 1e-3),
    momentum: 0.5,
  };
  return {
    outcome: 'corrected',
    sets: { 'distill.frequencies': { kind: 'sampling-network', count, scale: 'auto', optimizer } },
    note: "the official code cancels the sampling network's gradient and draws 4 distinct frequencies; here it learns, and draws all of them",
  };
}

/** A number that the rule of another key looks up. */
export const partOf =
  (key: string): Rule =>
  (value) => {
    if (typeof value !== 'number') throw new UnknownValue('expected a number');
    return { outcome: 'mapped', note: `together with ${key}` };
  };

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

type Rule = (value: OfficialValue, all: OfficialValues) => Translation;

const mapped =
  (...paths: readonly string[]): Rule =>
  (value) => ({ outcome: 'mapped', sets: Object.fromEntries(paths.map((path) => [path, value])) });
const ignored =
  (note: string): Rule =>
  () => ({ outcome: 'ignored', note });

function among<T>(known: { readonly [value: string]: T }, value: OfficialValue): T {
  const key = String(value).toLowerCase();
  if (Object.hasOwn(known, key)) return known[key]!;
  throw new UnknownValue(`expected one of ${Object.keys(known).join(', ')}`);
}

function numeric(all: OfficialValues, key: string, usual: number): number {
  const value = all.get(key);
  return typeof value === 'number' ? value : usual;
}

const datasets = {
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

const networks = {
  convnet: 'convnet',
  resnet: 'resnet',
  resnet_ap: 'resnet-ap',
  densenet: 'densenet',
} as const;

const norms = {
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
const off = {
  brightness: null,
  saturation: null,
  contrast: null,
  crop: null,
  cutout: null,
  flip: false,
};

function strategy(value: OfficialValue): PlainMapping {
  const words = String(value)
    .split('_')
    .filter((word) => word !== '');
  return Object.assign({}, ...words.map((word) => among(strengths, word)));
}

/** The images' optimiser: Adam's rate is scaled by a factor of its own in the official code. */
function imageOptimizer(value: OfficialValue, all: OfficialValues): Translation {
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

function evaluationOptimizer(value: OfficialValue, all: OfficialValues): Translation {
  const kind = among({ adamw: 'adamw', sgd: 'sgd' } as const, value);
  const optimizer =
    kind === 'sgd'
      ? { kind, learningRate: numeric(all, 'lr', 0.01), momentum: numeric(all, 'momentum', 0.9) }
      : { kind, learningRate: numeric(all, 'adamw_lr', 1e-3) };
  return { outcome: 'mapped', sets: { 'evaluate.optimizer': optimizer } };
}

/** The official weights of the two terms need not sum to 1: their sum becomes part of the weight of the whole. */
function weights(_: OfficialValue, all: OfficialValues): Translation {
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

function frequencies(value: OfficialValue, all: OfficialValues): Translation {
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
const partOf =
  (key: string): Rule =>
  (value) => {
    if (typeof value !== 'number') throw new UnknownValue('expected a number');
    return { outcome: 'mapped', note: `together with ${key}` };
  };
const inFile = 'the data themselves say it';
const ownFolders = 'runs and pools have folders of their own here: --runs, --cache';
const engineDoes = 'the engine sees to it';

/** What every known key of the official project's files becomes. */
export const officialKeys: { readonly [key: string]: Rule } = {
  backend: ignored(engineDoes),
  init_method: ignored(engineDoes),
  workers: ignored(engineDoes),
  cuda_graph: ignored(engineDoes),
  parallel_repeats: ignored(engineDoes),

  dataset: (value) => ({
    outcome: 'mapped',
    sets: { 'dataset.name': among(datasets, value) },
  }),
  nclass: ignored(inFile),
  nch: ignored(inFile),
  size: (value, all) =>
    String(all.get('dataset')).startsWith('image')
      ? { outcome: 'mapped', sets: { 'dataset.size': value } }
      : { outcome: 'ignored', note: inFile },
  data_dir: ignored(
    'its layout is another; ncfm data list says where files are looked for, dataset.root names a folder',
  ),
  load_memory: ignored('pictures are decoded once into a mapped file'),
  batch_real: (value) => ({
    outcome: 'corrected',
    sets: { 'distill.matching': { strategy: 'plain', realPerClass: value } },
    note: 'drawn afresh at every iteration; the official code shows the same first images of each class every time. 64 do as well, faster',
  }),

  net_type: (value) => ({ outcome: 'mapped', sets: { 'model.name': among(networks, value) } }),
  norm_type: (value) => ({ outcome: 'mapped', sets: { 'model.norm': among(norms, value) } }),
  depth: (value, all) =>
    all.get('net_type') === 'densenet'
      ? { outcome: 'ignored', note: 'the official densenet has one depth' }
      : { outcome: 'mapped', sets: { 'model.depth': value } },
  width: (value, all) => {
    if (typeof value !== 'number') throw new UnknownValue('expected a number');
    const channels = { convnet: 128, resnet_ap: 64 }[String(all.get('net_type') ?? 'convnet')];
    if (channels === undefined) return { outcome: 'ignored', note: 'of other networks' };
    return { outcome: 'mapped', sets: { 'model.width': Math.round(channels * value) } };
  },

  evaluation_epochs: mapped('evaluate.length.epochs'),
  epoch_print_freq: ignored('progress is always shown'),
  epoch_eval_interval: (value, all) => {
    if (typeof value !== 'number' || value <= 0)
      throw new UnknownValue('expected a number above 0');
    const points = Math.max(1, Math.round(numeric(all, 'evaluation_epochs', 2000) / value));
    return {
      outcome: 'corrected',
      sets: { 'evaluate.curve.points': points },
      note: 'the last step counts; the official code reports the best of these tests on test data',
    };
  },
  pertrain_epochs: mapped('pretrain.length.epochs'),
  batch_size: mapped('pretrain.batchSize', 'evaluate.batchSize'),
  lr: mapped('pretrain.optimizer.learningRate'),
  momentum: mapped('pretrain.optimizer.momentum'),
  weight_decay: mapped('pretrain.optimizer.weightDecay'),
  adamw_lr: partOf('eval_optimizer'),
  eval_optimizer: evaluationOptimizer,
  eval_scheduler: (value, all) => ({
    outcome: 'mapped',
    sets: {
      'evaluate.schedule': {
        kind: among({ multistep: 'multi-step' } as const, value),
        milestones: [0.2, 0.4, 0.6, 0.8],
        factor: numeric(all, 'eval_scheduler_gamma', 0.5),
      },
    },
  }),
  eval_scheduler_gamma: partOf('eval_scheduler'),
  seed: (value) => ({
    outcome: value === 0 ? 'corrected' : 'mapped',
    sets: { seed: value },
    ...(value === 0 && {
      note: '0 is a seed like any other; the official code takes it for "unseeded"',
    }),
  }),
  model_num: ignored('num_premodel says how many networks are used'),

  mixup: (value, all) => ({
    outcome: 'mapped',
    sets: {
      'evaluate.cutMix': among({ cut: numeric(all, 'mix_p', 0.5), vanilla: 0, none: 0 }, value),
    },
  }),
  mix_p: partOf('mixup'),
  beta: (value) => {
    if (value === 1) return { outcome: 'mapped', note: 'the area mixed in is uniform' };
    throw new UnknownValue('expected 1, a uniform share of the area');
  },
  rrc: ignored(
    'part of the official loaders of ImageNet; pictures are scaled and cropped to the middle',
  ),
  dsa: (value) => {
    if (typeof value !== 'boolean') throw new UnknownValue('expected true or false');
    return { outcome: 'mapped', note: 'together with dsa_strategy' };
  },
  dsa_strategy: (value, all) => {
    if (all.get('dsa') === false) {
      return { outcome: 'mapped', sets: { 'evaluate.augmentation': 'none' } };
    }
    const { cutout, ...kept } = strategy(value);
    const geometry = 'scale' in kept || 'rotate' in kept ? 'one' : 'none';
    return {
      outcome: 'mapped',
      sets: { 'evaluate.augmentation': { ...off, scale: null, rotate: null, ...kept, geometry } },
      ...(cutout !== undefined && {
        note: 'without cutout, which the official code leaves out too',
      }),
    };
  },
  aug_type: (value) => ({
    outcome: 'mapped',
    sets: { 'distill.augmentation': { ...off, ...strategy(value) } },
  }),

  optimizer: imageOptimizer,
  lr_img: partOf('optimizer'),
  lr_scale_adam: partOf('optimizer'),
  mom_img: partOf('optimizer'),
  lr_sampling_net: partOf('sampling_net'),

  save_dir: ignored(ownFolders),
  pretrain_dir: ignored(`${ownFolders}; pretrain.pool names a folder of networks trained before`),

  ipc: mapped('distill.imagesPerClass'),
  num_premodel: mapped('pretrain.networks'),
  niter: mapped('distill.iterations'),
  iter_calib: (value) => {
    if (typeof value !== 'number') throw new UnknownValue('expected a number');
    if (value === 0) return { outcome: 'mapped', sets: { 'distill.fineTuneWeight': 0 } };
    const note = 'one fine-tuning step per iteration, of the weight of calib_weight';
    return { outcome: value === 1 ? 'mapped' : 'ignored', note };
  },
  calib_weight: (value, all) =>
    all.get('iter_calib') === 0
      ? { outcome: 'ignored', note: 'iter_calib is 0' }
      : { outcome: 'mapped', sets: { 'distill.fineTuneWeight': value } },
  sampling_net: frequencies,
  num_freqs: partOf('sampling_net'),
  sampling_net_t_batchsize: ignored('num_freqs says how many frequencies are drawn'),
  sampling_net_t_var: ignored('the scale follows the features: distill.frequencies.scale auto'),
  dis_metrics: (value) => {
    if (value === 'NCFM') return { outcome: 'mapped', note: 'the only discrepancy here' };
    throw new UnknownValue('expected NCFM');
  },
  factor: mapped('distill.formation.factor'),
  decode_type: (value) => {
    const mode = among({ single: 'single', multi: 'multi', bound: 'bound' } as const, value);
    // What the official code decodes at most when it trains on the distilled images.
    const budget = mode === 'bound' ? { 'distill.formation.budget': 10_000 } : {};
    return { outcome: 'mapped', sets: { 'distill.formation.mode': mode, ...budget } };
  },
  alpha_for_loss: weights,
  beta_for_loss: partOf('alpha_for_loss'),
  teacher_model_epoch: ignored('evaluation has hard labels unless evaluate.labels says otherwise'),
  condense_scheduler_patience: (value, all) => ({
    outcome: 'mapped',
    sets: {
      'distill.schedule': {
        kind: 'plateau',
        factor: numeric(all, 'condense_scheduler_gamma', 0.5),
        patience: value,
      },
    },
  }),
  condense_scheduler_gamma: partOf('condense_scheduler_patience'),
  sampling_net_scheduler_patience: ignored(
    "attached to the images' optimiser in the official code; distill.frequencies.schedule is the sampling network's own",
  ),
  sampling_net_scheduler_gamma: partOf('sampling_net_scheduler_patience'),
};

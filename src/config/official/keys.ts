import {
  among,
  datasets,
  evaluationOptimizer,
  frequencies,
  ignored,
  imageOptimizer,
  mapped,
  networks,
  norms,
  numeric,
  off,
  partOf,
  type Rule,
  strategy,
  UnknownValue,
  weights,
} from './rules.js';

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
    if (value === 0) return { outcome: 'mapped', sets: { 'distill.fineTuning.kind': 'none' } };
    const note = 'one fine-tuning step in each iteration';
    const sets = { 'distill.fineTuning.kind': 'step' };
    return { outcome: value === 1 ? 'mapped' : 'ignored', sets, note };
  },
  calib_weight: (value, all) =>
    all.get('iter_calib') === 0
      ? { outcome: 'ignored', note: 'iter_calib is 0' }
      : { outcome: 'mapped', sets: { 'distill.fineTuning.weight': value } },
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

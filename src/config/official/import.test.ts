import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noAugmentation, officialTraining } from '../../augment/index.js';
import { temporaryFolder } from '../../core/testing/folder.js';
import { ncfmOptions } from '../../plan/testing/plan.js';
import { loadPlan } from '../index.js';
import { importOfficial } from './index.js';

/** Every section of the official files, in their words. */
const sample = `
distibution_train: { backend: nccl, workers: 4 }
dataset:
  dataset: cifar100
  nclass: 100
  size: 32
  batch_real: 512
network:
  net_type: convnet
  norm_type: instance
  depth: 3
  width: 0.5
train:
  evaluation_epochs: 1000
  epoch_eval_interval: 100
  pertrain_epochs: 60
  batch_size: 256
  lr: 0.01
  adamw_lr: 0.002
  eval_optimizer: adamw
  momentum: 0.9
  weight_decay: 5e-4
  seed: 0
augmentation:
  mixup: cut
  beta: 1.0
  mix_p: 0.5
  dsa: True
  dsa_strategy: "color_crop_cutout_flip_scale_rotate"
  aug_type: 'color_crop_cutout'
optimization:
  optimizer: adamw
  lr_scale_adam: 0.1
  lr_img: 0.01
  lr_sampling_net: 2e-3
condense:
  ipc: 10
  num_premodel: 20
  niter: 20000
  iter_calib: 1
  calib_weight: 2
  sampling_net: False
  num_freqs: 4096
  dis_metrics: "NCFM"
  factor: 2
  alpha_for_loss: 0.75
  beta_for_loss: 0.25
  decode_type: 'single'
  condense_scheduler_patience: 500
`;

function file(yaml: string): string {
  const path = join(temporaryFolder(), 'official.yaml');
  writeFileSync(path, yaml);
  return path;
}

/** Imports a file, and loads what came of it. */
function imported(yaml = sample) {
  const result = importOfficial(file(yaml));
  return { ...result, plan: loadPlan({ source: file(result.yaml) }).plan };
}

describe('a configuration of the official project', () => {
  it('becomes one of ours that loads', () => {
    const { plan } = imported();
    expect(plan.dataset.name).toBe('cifar-100');
    expect(plan.model).toMatchObject({ name: 'convnet', depth: 3, width: 64, norm: 'instance' });
    expect(plan.pretrain).toMatchObject({
      networks: 20,
      length: { epochs: 60 },
      batchSize: 256,
      optimizer: { kind: 'sgd', learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 },
    });
    expect(plan.distill).toMatchObject({
      imagesPerClass: 10,
      formation: { mode: 'single', factor: 2 },
      iterations: 20000,
      matching: { strategy: 'plain', realPerClass: 512 },
      frequencies: { kind: 'gaussian', count: 4096, scale: 'auto' },
      alpha: 0.75,
      fineTuning: { kind: 'step', weight: 2, augment: true },
      optimizer: { kind: 'adamw', learningRate: 0.001, weightDecay: 5e-4 },
      schedule: { kind: 'plateau', factor: 0.5, patience: 500 },
      augmentation: { brightness: 1, crop: 0.125, cutout: 0.5, flip: false },
    });
    expect(plan.evaluate).toMatchObject({
      length: { epochs: 1000 },
      batchSize: 256,
      optimizer: { kind: 'adamw', learningRate: 0.002 },
      augmentation: officialTraining,
      cutMix: 0.5,
      curve: { points: 10 },
    });
  });

  it('is told of key by key: what is mapped, corrected, ignored', () => {
    const { keys } = imported();
    const of = (key: string) => keys.find((one) => one.key === key);
    expect(of('condense.ipc')).toMatchObject({
      outcome: 'mapped',
      line: 37,
      column: 3,
      settings: ['distill.imagesPerClass: 10'],
    });
    expect(of('dataset.batch_real')).toMatchObject({ outcome: 'corrected' });
    expect(of('train.seed')?.note).toMatch(/unseeded/);
    expect(of('dataset.nclass')).toMatchObject({ outcome: 'ignored', settings: [] });
    expect(keys.filter(({ outcome }) => outcome === 'unknown')).toEqual([]);
  });

  it('with a sampling network has one that learns', () => {
    const { plan, keys } = imported(sample.replace('sampling_net: False', 'sampling_net: True'));
    expect(ncfmOptions(plan).frequencies).toMatchObject({
      kind: 'sampling-network',
      count: 4096,
      optimizer: { kind: 'sgd', learningRate: 0.002, momentum: 0.5 },
    });
    expect(keys.find(({ key }) => key === 'condense.sampling_net')?.note).toMatch(/cancels/);
  });

  it('may go without fine-tuning, augmentation, and with another optimiser', () => {
    const { plan } = imported(
      sample
        .replace('iter_calib: 1', 'iter_calib: 0')
        .replace('dsa: True', 'dsa: False')
        .replace('optimizer: adamw\n  lr_scale', 'optimizer: sgd\n  lr_scale'),
    );
    expect(ncfmOptions(plan).fineTuning).toEqual({ kind: 'none' });
    expect(plan.evaluate.augmentation).toEqual(noAugmentation);
    expect(ncfmOptions(plan).optimizer).toMatchObject({
      kind: 'sgd',
      learningRate: 0.01,
      momentum: 0.5,
    });
  });

  it('is read as YAML 1.1, as the official code does', () => {
    const { plan } = imported(
      sample.replace('dsa: True', 'dsa: off').replace('sampling_net: False', 'sampling_net: yes'),
    );
    expect(plan.evaluate.augmentation).toEqual(noAugmentation);
    expect(ncfmOptions(plan).frequencies.kind).toBe('sampling-network');
  });

  it('has the weights of the two terms as a share and a weight of the whole', () => {
    const distill = ncfmOptions(
      imported(
        sample.replace('for_loss: 0.75', 'for_loss: 3').replace('for_loss: 0.25', 'for_loss: 1'),
      ).plan,
    );
    expect([distill.alpha, distill.discrepancyWeight]).toEqual([0.75, 600]);
    expect(ncfmOptions(imported().plan).discrepancyWeight).toBe(300);
  });

  it("has the images' schedule that the older official code has fixed, where it names none", () => {
    const { schedule } = ncfmOptions(
      imported(sample.replace(/ *condense_scheduler_patience.*/, '')).plan,
    );
    expect(schedule).toEqual({ kind: 'plateau', factor: 0.5, patience: 500 });
  });

  it('trains on the distilled set with its own rate for either optimiser', () => {
    const yaml = sample
      .replace('eval_optimizer: adamw', 'eval_optimizer: sgd\n  eval_scheduler: multistep')
      .replace('batch_size:', 'eval_scheduler_gamma: 0.55\n  batch_size:')
      .replace("decode_type: 'single'", 'decode_type: bound');
    const { evaluate, distill } = imported(yaml).plan;
    expect(evaluate.optimizer).toMatchObject({ kind: 'sgd', learningRate: 0.01, momentum: 0.9 });
    expect(evaluate.schedule).toMatchObject({ kind: 'multi-step', factor: 0.55 });
    expect(distill.formation).toEqual({ mode: 'bound', factor: 2, budget: 10_000 });
  });

  it('of pictures says their size', () => {
    const { plan } = imported(
      sample.replace('cifar100', 'imagenette').replace('size: 32', 'size: 128'),
    );
    expect(plan.dataset).toMatchObject({ name: 'imagenette', size: 128 });
  });

  it('may have keys that nobody knows, which are told with the nearest', () => {
    const { keys } = imported(sample.replace('niter:', 'nitr: 5\n  niter:'));
    expect(keys.find(({ key }) => key === 'condense.nitr')).toMatchObject({
      outcome: 'unknown',
      note: "not known; did you mean 'niter'?",
    });
  });

  it.each([
    [
      'dataset: cifar100',
      'dataset: cifar7',
      /official\.yaml:4:3: dataset\.dataset: expected one of cifar10, .*found cifar7/,
    ],
    ['dis_metrics: "NCFM"', 'dis_metrics: MMD', /condense\.dis_metrics: expected NCFM, found MMD/],
    [
      "aug_type: 'color",
      "aug_type: 'colour",
      /augmentation\.aug_type: expected one of color, crop/,
    ],
    ['beta: 1.0', 'beta: 0.4', /augmentation\.beta: expected 1, .*found 0\.4/],
    ['niter: 20000', 'niter: [1, 2]', /condense\.niter: expected a number, a word, true or false/],
    [
      'niter: 20000',
      'niter: many',
      /:\d+:3: condense\.niter: distill\.iterations: expected an int/,
    ],
    [
      'depth: 3',
      'depth: 30',
      /official\.yaml:11:3: network\.depth: model\.depth: expected .*found 30/,
    ],
    ['width: 0.5', 'width: wide', /network\.width: expected a number, found wide/],
    ['num_freqs: 4096', 'num_freqs: all', /condense\.num_freqs: expected a number, found all/],
    ['sampling_net: False', 'sampling_net: 2', /condense\.sampling_net: expected true or false/],
    ['epoch_eval_interval: 100', 'epoch_eval_interval: 0', /expected a number above 0, found 0/],
    ['alpha_for_loss: 0.75', 'alpha_for_loss: -1', /alpha_for_loss and beta_for_loss from 0/],
    ['  ipc: 10\n', '', /official\.yaml:.*distill\.imagesPerClass: missing/],
    ['condense:', 'condense: {', /official\.yaml:\d+:\d+: not valid YAML/],
    ['condense:', `deep: ${'['.repeat(20_000)}\ncondense:`, /official\.yaml.*YAML/],
  ])('is refused for %s changed to %s, with its line', (from, to, expected) => {
    expect(() => importOfficial(file(sample.replace(from, to)))).toThrow(expected);
  });

  it('must be there, and hold keys', () => {
    expect(() => importOfficial('nowhere.yaml')).toThrow(/nowhere\.yaml cannot be read/);
    expect(() => importOfficial(file('- 1\n'))).toThrow(/expected a mapping/);
  });
});

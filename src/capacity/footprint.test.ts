import { beforeAll, describe, expect, it } from 'vitest';
import type { DatasetPair } from '../data/index.js';
import { loadDigits } from '../data/reading.js';
import type { TaskChunks } from '../distill/chunks.js';
import { buildModel, type ModelOptions } from '../models/index.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import {
  engine,
  grad,
  liveTensors,
  noGrad,
  scope,
  type Tensor,
  tensorMemory,
} from '../tensor/index.js';
import { describeOnHost, RandomGenerator } from '../tensor/testing/on-device.js';
import { activationBytes, featureDimension, float, parameterBytes } from './activations.js';
import { dataSizes } from './data-sizes.js';
import { footprint, type Stage, stageBytes, type Workload } from './footprint.js';

const random = new RandomGenerator(1);
const grey28 = { channels: 1, height: 28, width: 28 };
const colour32 = { channels: 3, height: 32, width: 32 };

describe('what a network takes', () => {
  const networks: [ModelOptions, typeof grey28][] = [
    [{ name: 'convnet' }, grey28],
    [{ name: 'convnet', width: 32 }, colour32],
    [
      { name: 'convnet', depth: 2, width: 8 },
      { channels: 1, height: 7, width: 12 },
    ],
    [
      { name: 'convnet', depth: 4, width: 16 },
      { channels: 3, height: 64, width: 64 },
    ],
    [{ name: 'convnet', depth: 2, width: 8, norm: 'batch', pooling: 'none' }, grey28],
    [{ name: 'mlp', width: 16 }, colour32],
    [{ name: 'resnet', depth: 10, width: 8 }, colour32],
    [{ name: 'densenet', width: 4 }, grey28],
  ];

  it.each(networks)('is as many features and parameters as %o has for %o', (options, shape) => {
    using model = buildModel(options, shape, 7, random);
    const state = [...model.state().values()];
    const bytes = (x: Tensor): number => x.length * (x.dtype === 'int64' ? 2 * float : float);
    expect(parameterBytes(options, shape, 7)).toBe(state.reduce((sum, x) => sum + bytes(x), 0));
    expect(featureDimension(options, shape)).toBe(model.featureDimension);
  });
});

describeOnHost('the allocator', () => {
  it.each([
    ['without', false],
    ['with', true],
  ])(
    'finds the images on their way through a network about as large, %s gradient',
    (_, gradient) => {
      const [options, images] = [{ name: 'convnet', width: 128 } as const, 256];
      if (!engine().keepsFreedMemory) return;
      const used = takenBy(options, images, gradient);
      const estimate = images * activationBytes(options, colour32, { gradient });
      expect(used / estimate).toBeGreaterThan(0.75);
      expect(used / estimate).toBeLessThan(1.25);
    },
  );
});

describe('what a walk through a network finds', () => {
  const shape = colour32;

  it('grows with the network, in proportion to its width', () => {
    const bytes = (width: number, gradient: boolean) =>
      activationBytes({ name: 'resnet', depth: 10, width }, shape, { gradient });
    expect(bytes(16, true) / bytes(8, true)).toBeCloseTo(2, 1);
    expect(bytes(16, false) / bytes(8, false)).toBeCloseTo(2, 1);
    expect(bytes(8, true)).toBeGreaterThan(bytes(8, false));
  });

  it('is near what the operators of a ConvNet give', () => {
    // Two blocks of convolution and normalisation, ReLU and pooling, 16 channels: a convolution’s result and so on.
    const first = float * 16 * 32 * 32;
    const options = { name: 'convnet', depth: 2, width: 16, norm: 'group' } as const;
    const without = activationBytes(options, shape, { gradient: false });
    expect(without / first).toBeGreaterThan(3);
    expect(without / first).toBeLessThan(5);
  });

  it('leaves no tensors', () => {
    const before = liveTensors();
    activationBytes({ name: 'vgg', width: 3 }, shape, { gradient: true });
    expect(liveTensors()).toBe(before);
  });
});

/** Bytes of tensors that are new when the features of some images are, or their gradients. */
function takenBy(options: ModelOptions, images: number, gradient: boolean): number {
  using model = buildModel(options, colour32, 10, random).setRequiresGrad(false);
  using input = random.normal([images, 3, 32, 32]).setRequiresGrad(gradient);
  const before = tensorMemory();
  const pass = () => void grad([model.features(input).sum()], [input]);
  scope(() => (gradient ? pass() : noGrad(() => void model.features(input))));
  return tensorMemory().mostUsed - before.used;
}

describe('the footprint of a plan', () => {
  let digits: DatasetPair;
  beforeAll(async () => {
    digits = await loadDigits();
  });

  const usual: TaskChunks = { real: 64, synthetic: 4, test: 64 };
  const workload = (plan: Plan, rest: Partial<Workload> = {}): Workload => ({
    plan,
    sizes: dataSizes(digits.train, digits.test),
    process: 1e8,
    ...rest,
  });
  const bytesOf = (stage: Stage, plan: Plan, chunks: TaskChunks = usual): number =>
    stageBytes(footprint(workload(plan), chunks).find((each) => each.stage === stage)!);

  it('counts the images and the bytes of their pixels', () => {
    const sizes = dataSizes(digits.train, digits.test);
    expect(sizes).toMatchObject({ classes: 10, trainImages: 1195, testImages: 602, pixelBytes: 1 });
    const { labels } = digits.train;
    const counts = Array.from(
      { length: 10 },
      (_, digit) => labels.filter((l) => l === digit).length,
    );
    expect(sizes.largestClass).toBe(Math.max(...counts));
  });

  it('has the stages that run, clusters only for stratified matching', () => {
    const names = (plan: Plan, stages?: readonly Stage[]) =>
      footprint(workload(plan, { stages }), usual).map(({ stage }) => stage);
    expect(names(smallPlan)).toEqual(['pretrain', 'clusters', 'distill', 'evaluate']);
    expect(names(smallPlan, ['evaluate'])).toEqual(['evaluate']);
    const matching = { strategy: 'plain', realPerClass: 8 } as const;
    const plain = { ...smallPlan, distill: { ...smallPlan.distill, matching } };
    expect(names(plain)).toEqual(['pretrain', 'distill', 'evaluate']);
  });

  it('counts the processes that an evaluation trains networks in', () => {
    const evaluated = (concurrency: number): number => {
      const evaluate = { ...smallPlan.evaluate, seeds: 4, concurrency };
      return bytesOf('evaluate', { ...smallPlan, threads: 4, evaluate });
    };
    // Each is a process as large as this one, and works as it does.
    expect(evaluated(2) - evaluated(1)).toBeGreaterThan(2e8);
    expect(evaluated(4) - evaluated(2)).toBeGreaterThan(2e8);
    expect(evaluated(4) - evaluated(2)).toBeLessThan(4e8);
  });

  it('is never less than the process, and grows with each chunk where the chunk is the most', () => {
    const wide: Plan = { ...smallPlan, model: { name: 'convnet', depth: 2, width: 512 } };
    const stages: [keyof TaskChunks, Stage][] = [
      ['real', 'clusters'],
      ['synthetic', 'distill'],
      ['test', 'pretrain'],
    ];
    for (const [name, stage] of stages) {
      // No training batch that takes more than the chunk.
      const pretrain = { ...wide.pretrain, batchSize: 1, networks: 1 };
      const plan = { ...wide, pretrain };
      const small = bytesOf(stage, plan, { ...usual, [name]: 1 });
      const most = { real: 1000, synthetic: 10, test: 600 }[name];
      expect(bytesOf(stage, plan, { ...usual, [name]: most }), name).toBeGreaterThan(small);
      expect(small).toBeGreaterThan(1e8);
    }
  });

  it('does not count classes and test images that are not there', () => {
    const all = { ...usual, synthetic: 10, test: 602 };
    const more = { ...usual, synthetic: 1000, test: 1_000_000 };
    expect(footprint(workload(smallPlan), more)).toEqual(footprint(workload(smallPlan), all));
  });

  it.each<[string, Stage, Partial<Plan['distill']>]>([
    ['a sampling network', 'distill', { frequencies: samplingNetwork(64) }],
    [
      'more frequencies',
      'distill',
      { frequencies: { kind: 'gaussian', count: 8192, scale: 'auto' } },
    ],
    ['fine-tuning', 'distill', { fineTuning: { kind: 'joint', weight: 1 } }],
    ['steps of fine-tuning', 'distill', { fineTuning: { kind: 'step', weight: 1 } }],
    ['more stored images', 'distill', { imagesPerClass: 8 }],
    ['more decoded images', 'evaluate', { formation: { mode: 'single', factor: 4 } }],
  ])('is larger with %s', (_, stage, change) => {
    const changed = { ...smallPlan, distill: { ...smallPlan.distill, ...change } };
    expect(bytesOf(stage, changed)).toBeGreaterThan(bytesOf(stage, smallPlan));
  });

  it('is larger with soft labels, by the networks that give them', () => {
    const taughtBy = (networks: number): Plan => ({
      ...smallPlan,
      evaluate: {
        ...smallPlan.evaluate,
        labels: {
          mode: 'on-the-fly',
          teacher: { kind: 'pool', networks },
          temperature: 1,
          correctToHard: false,
          hardShare: 0,
        },
      },
    });
    expect(bytesOf('evaluate', taughtBy(1))).toBeGreaterThan(bytesOf('evaluate', smallPlan));
    expect(bytesOf('evaluate', taughtBy(2))).toBeGreaterThan(bytesOf('evaluate', taughtBy(1)));
  });

  it('leaves pretraining out when its networks are there already', () => {
    const batch = { ...smallPlan, pretrain: { ...smallPlan.pretrain, batchSize: 4096 } };
    const [ready] = footprint(workload(batch, { poolReady: true }), usual);
    expect(stageBytes(ready!)).toBeLessThan(bytesOf('pretrain', batch));
  });
});

function samplingNetwork(width: number): Plan['distill']['frequencies'] {
  const optimizer = { kind: 'sgd', learningRate: 1e-3 } as const;
  return { kind: 'sampling-network', count: 64, scale: 'auto', width, optimizer };
}

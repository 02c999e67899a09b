import { afterAll, describe, expect, it } from 'vitest';
import { dsaSiamese, noAugmentation } from '../../augment/index.js';
import { TemporaryFolder } from '../../core/index.js';
import { initializeSynthetic, NonFiniteError } from '../../distill/index.js';
import { fewDigits } from '../../distill/testing/digits.js';
import { buildModel } from '../../models/index.js';
import { hashTensors, liveTensors, scope } from '../../tensor/index.js';
import { RandomGenerator } from '../../tensor/testing/on-device.js';
import { pretrain } from '../../train/index.js';
import { TrajectoryMatcher } from './matcher.js';
import { mtt, tesla } from './method.js';
import type { TrajectoryOptions } from './options.js';

const digits = await fewDigits(3, 40);
const model = { name: 'convnet', depth: 2, width: 8 } as const;
const live = liveTensors();
const folder = new TemporaryFolder('trajectories');
const pool = await pretrain({
  train: digits,
  model,
  options: {
    networks: 2,
    length: { epochs: 6 },
    batchSize: 20,
    optimizer: { kind: 'sgd', learningRate: 0.05 },
    schedule: { kind: 'constant' },
    augmentation: noAugmentation,
  },
  trajectories: { kind: 'epochs' },
  cache: folder.path,
  random: new RandomGenerator(1),
  onEvent: () => {},
});
afterAll(() => {
  pool.dispose();
  folder[Symbol.dispose]();
  expect(liveTensors()).toBe(live);
});

const options: TrajectoryOptions = {
  method: 'mtt',
  imagesPerClass: 2,
  formation: { mode: 'single', factor: 2 },
  initialization: { kind: 'random' },
  iterations: 30,
  adjoint: 'exact',
  innerSteps: 6,
  expertEpochs: 2,
  maxStartEpoch: 4,
  batchSize: 10,
  stepSize: { initial: 0.05, learningRate: 1e-4, momentum: 0.5 },
  optimizer: { kind: 'sgd', learningRate: 30, momentum: 0.5 },
  schedule: { kind: 'constant' },
  augmentation: dsaSiamese,
  space: 'normalised',
};

/** The caller disposes the matcher and its images. */
function started(changed: Partial<TrajectoryOptions> = {}): TrajectoryMatcher {
  const random = new RandomGenerator(7);
  const all = { ...options, ...changed };
  return new TrajectoryMatcher(
    {
      dataset: digits,
      options: all,
      pool,
      random,
      buildModel: (initial = random) => buildModel(model, digits.shape, 3, initial),
    },
    initializeSynthetic(digits, { ...all, random }),
  );
}

function dispose(matcher: TrajectoryMatcher): void {
  matcher[Symbol.dispose]();
  matcher.synthetic.dispose();
}

const stateOf = (matcher: TrajectoryMatcher) =>
  scope(() => {
    const { tensors, values } = matcher.getState();
    return { hash: hashTensors(tensors), values };
  });

describe.each(['exact', 'frozen'] as const)('matching trajectories, adjoint %s', (adjoint) => {
  it('brings students nearer to the experts, and holds no tensors from step to step', () => {
    const matcher = started({ adjoint, augmentation: { ...dsaSiamese, choose: 'all' } });
    const losses: number[] = [];
    const before = liveTensors();
    for (let step = 0; step < 30; step++) {
      losses.push(matcher.step().loss);
      expect(liveTensors()).toBe(before);
    }
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value) / values.length;
    expect(mean(losses.slice(20))).toBeLessThan(0.95 * mean(losses.slice(0, 10)));
    expect(matcher.synthetic.stepSize).not.toBe(options.stepSize.initial);
    dispose(matcher);
  });

  it('goes on from a state as if it had not stopped', () => {
    const [whole, first, second] = [0, 1, 2].map(() => started({ adjoint }));
    for (let step = 0; step < 5; step++) whole!.step();
    for (let step = 0; step < 3; step++) first!.step();
    scope(() => {
      const { tensors, values } = first!.getState();
      second!.setState({ tensors, values: JSON.parse(JSON.stringify(values)) });
    });
    expect(second!.synthetic.stepSize).toBe(first!.synthetic.stepSize);
    for (let step = 3; step < 5; step++) second!.step();
    expect(stateOf(second!)).toEqual(stateOf(whole!));
    for (const matcher of [whole!, first!, second!]) dispose(matcher);
  });
});

describe('a step without a number', () => {
  const stepSize = { initial: 1e30, learningRate: 0, momentum: 0 };

  it('stops the distillation, saying what was drawn', () => {
    const matcher = started({ stepSize });
    expect(() => matcher.step()).toThrow(NonFiniteError);
    expect(() => matcher.step()).toThrow(
      /iteration 1 \(expert \d from epoch \d, inner steps of 1\.00e\+30\)/,
    );
    dispose(matcher);
  });

  it('is left out where it is to be', () => {
    const matcher = started({ stepSize, onNonFinite: 'skip' });
    const before = stateOf(matcher).hash;
    expect(matcher.step()).toMatchObject({ skipped: true, loss: Number.NaN });
    expect(stateOf(matcher).hash).toBe(before);
    expect(matcher.synthetic.stepSize).toBe(1e30);
    dispose(matcher);
  });
});

describe('the methods', () => {
  it.each([mtt, tesla])(
    '$name refuses batch normalisation, and looks no further than its epochs',
    (method) => {
      using network = buildModel(
        { ...model, norm: 'batch' },
        digits.shape,
        3,
        new RandomGenerator(1),
      );
      expect(() => method.requireNetwork!(network, options)).toThrow(/norm: instance/);
      expect(method.epochs!(options)).toBe(5);
    },
  );
});

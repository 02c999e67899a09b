import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/index.js';
import { BatchNorm, createOptimizer, Linear, type Mode } from '../../nn/index.js';
import { withTensors } from '../../nn/testing/parameters.js';
import { grad, liveTensors, noGrad, scope, type Tensor } from '../../tensor/index.js';
import { expectNear, numbers } from '../../tensor/testing/compare.js';
import { expectGradient } from '../../tensor/testing/finite-differences.js';
import { RandomGenerator, tensor, testDevice, zeros } from '../../tensor/testing/on-device.js';
import { normalizeFeatures } from '../../train/index.js';
import { drawHalves } from './gradient-agreement.js';
import { SamplingNetwork } from './sampling-network.js';
import { type OwnObjective, requireRealImages, samplingObjective } from './sampling-objectives.js';

const random = new RandomGenerator(1);

// Two classes of eight real and three synthetic images.
const real = random.normal([16, 5], 'float64');
const synthetic = random.normal([6, 5], 'float64').mul(0.7).add(0.2);
const t = random.normal([7, 5], 'float64');
const halves = drawHalves(2, 8, new RandomGenerator(3));
const doubleHalves = {
  ...halves,
  first: halves.first.to('float64'),
  second: halves.second.to('float64'),
};
const objectives: OwnObjective[] = [
  { kind: 'ratio' },
  { kind: 'power' },
  { kind: 'agreement', halves: doubleHalves, alpha: 0.5 },
  { kind: 'agreement', halves: doubleHalves, alpha: 0.8 },
  { kind: 'agreement', halves: doubleHalves, alpha: 0.2 },
];

describe.each(objectives)('the objective %o', (objective) => {
  const value = (frequencies: Tensor): Tensor =>
    samplingObjective(objective, { real, synthetic, frequencies, classes: 2 });

  it('has one value for each class, which other classes have no part in', () => {
    expect(value(t).shape).toEqual([2]);
    const other = { real: real.clone(), synthetic: synthetic.clone() };
    other.real.narrow(0, 8, 8).mul_(3);
    other.synthetic.narrow(0, 3, 3).mul_(3);
    const changed = numbers(samplingObjective(objective, { ...other, frequencies: t, classes: 2 }));
    expect(changed[0]).toBeCloseTo(numbers(value(t))[0]!, 12);
    expect(changed[1]).not.toBeCloseTo(numbers(value(t))[1]!, 4);
  });

  it('has the gradient of its values with respect to the frequencies', () => {
    expectGradient(value, [t], { tolerance: 1e-6 });
  });

  it('has the gradients of its values with respect to the parameters of a sampling network', () => {
    // Its last layer: seven components of one frequency each, from four hidden values.
    const draws = new RandomGenerator(6);
    using linear = new Linear(4, 5, draws);
    using norm = new BatchNorm(5, testDevice);
    const [hidden, noise] = [draws.normal([7, 4], 'float64'), draws.normal([7, 5], 'float64')];
    const mode: Mode = { kind: 'train', random: draws };
    const statistics = {
      runningMean: zeros([5], { dtype: 'float64' }),
      runningVariance: zeros([5], { dtype: 'float64' }),
    };
    const composed = (weight: Tensor, gain: Tensor, shift: Tensor): Tensor =>
      scope(() =>
        withTensors(linear, { weight, bias: zeros([5], { dtype: 'float64' }) }, () =>
          withTensors(norm, { weight: gain, bias: shift, ...statistics }, () => {
            const outputs = norm.forward(linear.forward(hidden), mode).tanh();
            return value(outputs.mul(Math.log(2)).exp().mul(noise));
          }),
        ),
      );
    const parameters = [
      draws.normal([5, 4], 'float64'),
      draws.normal([5], 'float64'),
      draws.normal([5], 'float64'),
    ];
    expectGradient(composed, parameters, { tolerance: 1e-6 });
  });

  it('gives in single precision what it gives in double', () => {
    const single = (x: Tensor): Tensor => x.to('float32');
    const of32: OwnObjective =
      objective.kind === 'agreement' ? { ...objective, halves } : objective;
    const rounded = samplingObjective(of32, {
      real: single(real),
      synthetic: single(synthetic),
      frequencies: single(t),
      classes: 2,
    });
    expectNear(rounded, value(t).to('float32'), 1e-4);
  });

  it('is finite where real and synthetic images are the same', () => {
    const leaf = t.clone().setRequiresGrad(true);
    const same = { real, synthetic: real, frequencies: leaf, classes: 2 };
    const values = samplingObjective(objective, same);
    const [gradient] = grad([values.sum()], [leaf]);
    expect([...numbers(values), ...numbers(gradient!)].every(Number.isFinite)).toBe(true);
  });

  it('leaves nothing but its values behind', () => {
    const before = liveTensors();
    value(t).dispose();
    expect(liveTensors()).toBe(before);
  });
});

describe('a sampling network', () => {
  // One class, whose real and synthetic images differ in some directions more than they spread, in others less.
  const draws = new RandomGenerator(7);
  const features = (count: number, shift: number): Tensor =>
    normalizeFeatures(
      draws
        .normal([count, 12])
        .add(tensor(Array.from(Array(12).keys(), (i) => (i < 3 ? shift : 0)))),
    );
  const [real, synthetic] = [features(24, 1.5), features(10, 0.3)];
  const own = (kind: OwnObjective['kind'], random: RandomGenerator): OwnObjective =>
    kind === 'agreement' ? { kind, halves: drawHalves(1, 24, random), alpha: 0.5 } : { kind };

  function value(kind: OwnObjective['kind'], sampling: SamplingNetwork, random: RandomGenerator) {
    const frequencies = sampling.sample(2, random, 4).learned;
    const objective = own(kind, random);
    return samplingObjective(objective, { real, synthetic, frequencies, classes: 1 }).sum();
  }

  it.each(['ratio', 'power', 'agreement'] as const)(
    'raises the objective %s by its steps, averaged over draws',
    (kind) => {
      using sampling = new SamplingNetwork({
        dimension: 12,
        count: 128,
        perComponent: 8,
        random: new RandomGenerator(8),
      });
      // The noise is the same at every call, and other noise than it learns from.
      const average = () => {
        const values = Array.from({ length: 60 }, (_, seed) =>
          scope(() => noGrad(() => value(kind, sampling, new RandomGenerator(1000 + seed)).item())),
        );
        return values.reduce((sum, each) => sum + each, 0) / values.length;
      };
      const before = average();
      const steps = new RandomGenerator(9);
      using optimizer = createOptimizer(sampling.parameters(), {
        kind: 'adam',
        learningRate: 0.01,
      });
      for (let step = 0; step < 100; step++) {
        scope(() => {
          const gradients = grad([value(kind, sampling, steps)], sampling.parameters());
          optimizer.step(gradients.map((gradient) => gradient.neg()));
        });
      }
      // Over six seeds: the agreement by 0.005 to 0.09, the others by 0.28 and more.
      expect(average()).toBeGreaterThan(before);
    },
  );
});

describe('a batch', () => {
  it.each([
    ['ratio', 2],
    ['power', 2],
    ['agreement', 4],
  ] as const)('for the objective %s has at least %i real images of a class', (objective, least) => {
    requireRealImages(objective, least);
    expect(() => requireRealImages(objective, least - 1)).toThrow(UsageError);
    expect(() => requireRealImages(objective, least - 1)).toThrow(
      `'${objective}' needs at least ${least} real images per class in each batch, got ${least - 1}`,
    );
    requireRealImages(undefined, 1);
  });
});

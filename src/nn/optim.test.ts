import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { liveTensors, noGrad, scope, type Tensor } from '../tensor/index.js';
import { expectNear, numbers } from '../tensor/testing/compare.js';
import { golden } from '../tensor/testing/golden.js';
import { ones, RandomGenerator, zeros } from '../tensor/testing/on-device.js';
import { createOptimizer, type OptimizerOptions } from './index.js';

const expected = golden('optimizers');

const settings: Record<string, OptimizerOptions> = {
  sgd: { kind: 'sgd', learningRate: 0.05 },
  sgd_momentum_decay: { kind: 'sgd', learningRate: 0.05, momentum: 0.9, weightDecay: 0.01 },
  adam: { kind: 'adam', learningRate: 0.02 },
  adam_decay: {
    kind: 'adam',
    learningRate: 0.02,
    betas: [0.8, 0.99],
    epsilon: 1e-6,
    weightDecay: 0.1,
  },
  adamw: { kind: 'adamw', learningRate: 0.02 },
  adamw_decay: { kind: 'adamw', learningRate: 0.02, weightDecay: 0.3 },
};
const all = Object.entries(settings);

function start(dtype: 'float32' | 'float64'): Tensor[] {
  return [0, 1].map((index) => expected(`start.${index}`).to(dtype).clone().setRequiresGrad(true));
}

/** The golden gradients of one step. */
function gradients(step: number, dtype: 'float32' | 'float64'): Tensor[] {
  return [0, 1].map((index) => {
    const sequence = expected(`gradients.${index}`);
    return sequence.narrow(0, step, 1).squeeze(0).to(dtype);
  });
}

describe.each(all)('%s', (name, options) => {
  it.each([
    ['float64', 1e-12],
    ['float32', 1e-5],
  ] as const)("follows PyTorch's over 50 steps in %s", (dtype, tolerance) => {
    const parameters = start(dtype);
    const optimizer = createOptimizer(parameters, options);
    for (let step = 0; step < 50; step++) {
      optimizer.step(gradients(step, dtype));
      if (![1, 2, 20, 50].includes(step + 1)) continue;
      for (const [index, parameter] of parameters.entries()) {
        expectNear(parameter, expected(`${name}.${step + 1}.${index}`), tolerance);
      }
    }
    optimizer.dispose();
  });

  it('goes on identically from a stored state', () => {
    const straight = start('float32');
    const one = createOptimizer(straight, options);
    for (let step = 0; step < 7; step++) one.step(gradients(step, 'float32'));
    const interrupted = straight.map((parameter) => parameter.detach().clone());
    const { step, tensors } = one.getState();
    const stored = new Map([...tensors].map(([key, value]) => [key, value.clone()]));
    const other = createOptimizer(interrupted, options);
    other.setState({ step, tensors: stored });
    for (let next = 7; next < 20; next++) {
      one.step(gradients(next, 'float32'));
      other.step(gradients(next, 'float32'));
    }
    expect(interrupted.map((x) => x.toBytes())).toEqual(straight.map((x) => x.toBytes()));
  });

  it('is after a reset what a new one is', () => {
    const [reset, fresh] = [start('float32'), start('float32')];
    const used = createOptimizer(reset, options);
    for (let step = 0; step < 3; step++) used.step(gradients(step, 'float32'));
    used.reset();
    for (const [index, parameter] of fresh.entries()) noGrad(() => parameter.copy_(reset[index]!));
    const other = createOptimizer(fresh, options);
    for (let step = 3; step < 6; step++) {
      used.step(gradients(step, 'float32'));
      other.step(gradients(step, 'float32'));
    }
    expect(reset.map((x) => x.toBytes())).toEqual(fresh.map((x) => x.toBytes()));
  });

  it('holds a constant number of tensors and releases them', () => {
    const before = liveTensors();
    scope(() => {
      const parameters = start('float32');
      const optimizer = createOptimizer(parameters, options);
      const given = gradients(0, 'float32');
      optimizer.step(given);
      const after = liveTensors();
      for (let step = 0; step < 3; step++) optimizer.step(given);
      expect(liveTensors()).toBe(after);
      optimizer.dispose();
    });
    expect(liveTensors()).toBe(before);
  });
});

describe('an optimiser', () => {
  it('uses the learning rate that is set on it', () => {
    const x = ones([2]);
    const optimizer = createOptimizer([x], { kind: 'sgd', learningRate: 0.5 });
    optimizer.step([ones([2])]);
    optimizer.learningRate = 0.25;
    optimizer.step([ones([2])]);
    expect(numbers(x)).toEqual([0.25, 0.25]);
  });

  it('begins again without momentum after a reset', () => {
    const x = ones([1], { dtype: 'float64' });
    const optimizer = createOptimizer([x], { kind: 'sgd', learningRate: 0.1, momentum: 0.9 });
    const step = () => optimizer.step([ones([1], { dtype: 'float64' })]);
    step();
    step();
    // 1 and 1.9 times 0.1.
    expect(x.item()).toBeCloseTo(1 - 0.29, 12);
    optimizer.reset();
    optimizer.learningRate = 0.01;
    step();
    step();
    expect(x.item()).toBeCloseTo(1 - 0.29 - 0.029, 12);
  });

  it.each(['sgd', 'adam', 'adamw'] as const)('may decay weights alone by %s', (kind) => {
    const decayed = (decay: 'all' | 'weights'): number[] => {
      const parameters = [ones([3]), ones([2, 2]), ones([2, 1, 1, 1])];
      const options = { kind, learningRate: 0.1, weightDecay: 0.5, decay };
      createOptimizer(parameters, options).step(parameters.map(({ shape }) => zeros(shape)));
      return parameters.map((x) => numbers(x)[0]!);
    };
    // Adam's first step is by the learning rate, whatever the gradient.
    const after = expect.closeTo(kind === 'adam' ? 0.9 : 0.95, 5);
    expect(decayed('weights')).toEqual([1, after, after]);
    expect(decayed('all')).toEqual([after, after, after]);
  });

  it('leaves parameters that ask for gradients leaves', () => {
    const x = ones([1]).setRequiresGrad(true);
    createOptimizer([x], { kind: 'adam', learningRate: 0.1 }).step([ones([1])]);
    expect(x.requiresGrad).toBe(true);
    expect(() => x.setRequiresGrad(false)).not.toThrow();
  });

  it('finds the minimum of a bowl', () => {
    const random = new RandomGenerator(1);
    for (const [, options] of all.filter(([name]) => !name.endsWith('decay') && name !== 'adamw')) {
      const x = random.normal([5]);
      const optimizer = createOptimizer([x], options);
      for (let step = 0; step < 400; step++) scope(() => optimizer.step([x.sub(0.5).mul(2)]));
      for (const value of numbers(x)) expect(value).toBeCloseTo(0.5, 3);
    }
  });

  it('refuses the wrong number of gradients and changes nothing', () => {
    const x = ones([2]);
    const optimizer = createOptimizer([x], { kind: 'adam', learningRate: 1 });
    expect(() => optimizer.step([])).toThrow(new RangeError('expected 1 gradients, got 0'));
    expect(numbers(x)).toEqual([1, 1]);
    expect(optimizer.getState().step).toBe(0);
  });

  it('refuses the state of another', () => {
    const adam = createOptimizer([ones([2])], { kind: 'adam', learningRate: 1 });
    const tensors = new Map([
      ['mean.0', ones([2])],
      ['square.0', ones([3])],
    ]);
    expect(() => adam.setState({ step: 3, tensors })).toThrow(UsageError);
    expect(() => adam.setState({ step: 3, tensors })).toThrow(
      /'square.0' is missing or has another shape/,
    );
    expect(() => adam.setState({ step: 3, tensors: new Map() })).toThrow(/'mean.0'/);
    expect(numbers(adam.getState().tensors.get('mean.0')!)).toEqual([0, 0]);
    expect(adam.getState().step).toBe(0);
  });
});

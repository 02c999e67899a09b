import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { grad, liveTensors, scope, type Tensor } from '../tensor/index.js';
import { numbers } from '../tensor/testing/compare.js';
import { ones, RandomGenerator, testDevice, zeros } from '../tensor/testing/on-device.js';
import { BatchNorm, evaluation, Linear, Module } from './index.js';

class Block extends Module {
  readonly linear: Linear;
  readonly norm: BatchNorm;
  readonly scale: Tensor;

  constructor(seed: number) {
    super();
    this.scale = this.parameter('scale', ones([3]));
    this.linear = this.child('inner.0', new Linear(2, 3, new RandomGenerator(seed)));
    this.norm = this.child('norm', new BatchNorm(3, testDevice));
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.norm.forward(this.linear.forward(x), evaluation).mul(this.scale));
  }
}

const parameterNames = ['scale', 'inner.0.weight', 'inner.0.bias', 'norm.weight', 'norm.bias'];
const bufferNames = ['norm.running_mean', 'norm.running_var', 'norm.num_batches_tracked'];

describe('Module', () => {
  it('names its tensors and its children’s with dots, in order of registration', () => {
    using block = new Block(1);
    expect([...block.namedParameters().keys()]).toEqual(parameterNames);
    expect([...block.state().keys()]).toEqual([...parameterNames, ...bufferNames]);
    expect(block.parameters()[1]).toBe(block.linear.weight);
  });

  it('asks for gradients of parameters only, and can be frozen', () => {
    using block = new Block(1);
    const asking = () => [...block.state()].filter(([, x]) => x.requiresGrad).map(([name]) => name);
    expect(asking()).toEqual(parameterNames);
    expect(block.setRequiresGrad(false)).toBe(block);
    expect(asking()).toEqual([]);
    const x = ones([2, 2]).setRequiresGrad(true);
    expect(grad([block.forward(x).sum()], [x])[0]!.shape).toEqual([2, 2]);
    block.setRequiresGrad(true);
    expect(asking()).toEqual(parameterNames);
  });

  it('copies a state in, keeping its own tensors', () => {
    using block = new Block(1);
    using other = new Block(2);
    const before = block.linear.weight;
    const x = new RandomGenerator(3).normal([4, 2]);
    expect(numbers(block.forward(x))).not.toEqual(numbers(other.forward(x)));
    block.loadState(other.state());
    expect(block.linear.weight).toBe(before);
    expect(numbers(block.forward(x))).toEqual(numbers(other.forward(x)));
    expect(block.linear.weight.requiresGrad).toBe(true);
  });

  it('refuses a state that does not fit, naming all that is wrong and changing nothing', () => {
    using block = new Block(1);
    const before = [...block.state().values()].map(numbers);
    const state = new Map([...new Block(2).state(), ['scale', zeros([4])], ['extra', zeros([1])]]);
    state.delete('norm.running_var');
    expect(() => block.loadState(state)).toThrow(UsageError);
    expect(() => block.loadState(state)).toThrow(
      /unknown tensor 'extra'; 'scale' has shape \[4\], expected \[3\]; missing tensor 'norm.running_var'/,
    );
    expect([...block.state().values()].map(numbers)).toEqual(before);
  });

  it('outlives the scope it is made in and releases everything when disposed', () => {
    const before = liveTensors();
    let block: Block | undefined;
    scope(() => {
      block = new Block(1);
    });
    expect(liveTensors()).toBe(before + parameterNames.length + bufferNames.length);
    scope(() => block!.forward(ones([2, 2])).length);
    expect(liveTensors()).toBe(before + parameterNames.length + bufferNames.length);
    block!.dispose();
    expect(liveTensors()).toBe(before);
  });
});

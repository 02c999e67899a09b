import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/index.js';
import { liveTensors, type Tensor } from '../../tensor/index.js';
import { numbers } from '../../tensor/testing/compare.js';
import type { Condenser } from './condenser.js';
import { type FlatState, flattenState, unflattenState } from './condenser-state.js';
import type { CondenseOptions } from './options.js';
import {
  condenser,
  eighths,
  plain,
  run,
  type Setting,
  samplingFor,
  samplingNetwork,
  stratified,
} from './testing/condenser.js';

const games: [string, Partial<CondenseOptions>, () => Setting][] = [
  ['plain matching', plain, () => ({})],
  ['means of features', { frequencies: { kind: 'none' } }, () => ({})],
  ['a sampling network', samplingNetwork, () => ({})],
  ['a sampling network after the agreement', samplingFor('agreement'), () => ({})],
  [
    'fine-tuning, amortised real batches',
    { fineTuning: { kind: 'joint', weight: 0.1 }, amortize: 3 },
    () => ({}),
  ],
  [
    'snapshots of a training, amortised, and later ones for fine-tuning',
    {
      extractors: { kind: 'snapshots', parts: 4, order: 'forward' },
      fineTuning: { kind: 'joint', weight: 0.1, within: 2 },
      amortize: 2,
    },
    () => ({}),
  ],
  [
    'a plateau schedule, momentum',
    {
      schedule: { kind: 'plateau', factor: 0.5, patience: 0 },
      optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9 },
    },
    () => ({}),
  ],
  [
    'stratified matching',
    stratified,
    () => ({ formation: { mode: 'single', factor: 2 }, clusters: eighths() }),
  ],
];

/** The state as a file would keep it: JSON and copies. */
function stored(owner: Condenser): FlatState & Disposable {
  const { tensors, values } = flattenState(owner.getState());
  const copies = new Map<string, Tensor>(
    [...tensors].map(([name, value]) => [name, value.clone()]),
  );
  tensors.get('sampler.orders')!.dispose();
  return {
    tensors: copies,
    values: JSON.parse(JSON.stringify(values)) as FlatState['values'],
    [Symbol.dispose]: () => {
      for (const value of copies.values()) value.dispose();
    },
  };
}

describe('a game that goes on from its stored state', () => {
  // Seven steps are inside of an amortised real batch and of the sampler's epoch.
  it.each(games)('ends like one that was never stopped: %s', (_, options, setting) => {
    using undisturbed = condenser(options, setting());
    run(undisturbed, 7);
    using state = stored(undisturbed);
    const expected = run(undisturbed, 6);

    using resumed = condenser(options, setting());
    run(resumed, 2);
    const before = liveTensors();
    resumed.setState(unflattenState(state));
    expect(liveTensors()).toBeLessThanOrEqual(before);
    expect(resumed.iteration).toBe(7);
    expect(run(resumed, 6)).toEqual(expected);
    expect(numbers(resumed.synthetic.images)).toEqual(numbers(undisturbed.synthetic.images));
  });

  it('refuses the state of another game', () => {
    using learning = condenser(samplingNetwork);
    using without = condenser(plain);
    using larger = condenser(stratified, {
      formation: { mode: 'single', factor: 2 },
      clusters: eighths(),
    });
    run(learning, 1);
    run(without, 1);
    expect(() => without.setState(learning.getState())).toThrow(
      /another kind.*distill\.frequencies/,
    );
    expect(() => learning.setState(without.getState())).toThrow(UsageError);
    expect(() => larger.setState(without.getState())).toThrow(/groups/);
  });

  it('says what a stored state lacks', () => {
    using game = condenser(plain);
    run(game, 1);
    using state = stored(game);
    state.tensors.get('images')!.dispose();
    const tensors = new Map([...state.tensors].filter(([name]) => name !== 'images'));
    expect(() => unflattenState({ tensors, values: state.values })).toThrow(/no tensor 'images'/);
  });
});

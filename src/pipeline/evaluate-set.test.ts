import { expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import type { DatasetPair } from '../data/index.js';
import { smallPlan } from '../plan/testing/plan.js';
import type { RunEvent } from '../run/index.js';
import { liveTensors, scope } from '../tensor/index.js';
import { RandomGenerator, tensor } from '../tensor/testing/on-device.js';
import { evaluateSet, rank } from './evaluate-set.js';
import type { OpenedSet } from './open-set.js';

/** One image of each class and three of the last, with soft labels of their own, in no order. */
async function open({ train }: DatasetPair): Promise<OpenedSet> {
  const random = new RandomGenerator(1);
  const classes = [9, 0, 1, 2, 9, 3, 4, 5, 6, 7, 8, 9];
  const images = random.uniformTensor([12, 1, train.shape.height, train.shape.width]);
  const labels = tensor(classes, [12], 'int64');
  const probabilities = scope(() => random.normal([12, 10]).softmax(1));
  const dispose = (): void => {
    for (const value of [images, labels, probabilities]) value.dispose();
  };
  return { images, labels, probabilities, imagesPerClass: 1, [Symbol.dispose]: dispose };
}

it('a set with soft labels of its own, and more images of some classes, is ranked beside its hard labels', async () => {
  const { pretrain, evaluate } = smallPlan;
  const labels = {
    mode: 'static',
    teacher: { kind: 'pool', networks: 1 },
    temperature: 1,
    correctToHard: false,
    hardShare: 0,
  } as const;
  const plan = {
    ...smallPlan,
    pretrain: { ...pretrain, networks: 1, length: { steps: 2 } },
    evaluate: { ...evaluate, labels, seeds: 1, length: { steps: 2 } },
    wholeData: { epochs: 0.05, networks: 1 },
  };
  const live = liveTensors();
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent) => events.push(event);
  const { accuracy } = await rank({ plan, cache: temporaryFolder(), open, onEvent });
  expect(Object.values(accuracy).map(({ n }) => n)).toEqual([1, 1, 1, 1, 1, 1]);
  const sets = events.flatMap((event) => (event.type === 'evaluate-start' ? [event.set] : []));
  const expected = ['set', 'random', 'set, hard labels', 'set, plain', 'random, plain'];
  expect(sets).toEqual(expected);
  expect(liveTensors()).toBe(live);
});

it('networks are trained at the step size that a set has learned where the evaluation is to, and only there', async () => {
  const { evaluate } = smallPlan;
  const accuracies = async (rate: 'given' | 'set', stepSize?: number, learningRate = 0.01) => {
    const optimizer = { ...evaluate.optimizer, learningRate };
    const options = { ...evaluate, optimizer, rate, seeds: 1, length: { steps: 3 } };
    const learned = async (data: DatasetPair) => ({ ...(await open(data)), stepSize });
    const request = { plan: { ...smallPlan, evaluate: options }, cache: temporaryFolder() };
    const { accuracy } = await evaluateSet({ ...request, open: learned, onEvent: () => {} });
    return Object.values(accuracy).map(({ testLoss }) => testLoss.mean);
  };
  expect(await accuracies('set', 0.05)).toEqual(await accuracies('given', undefined, 0.05));
  expect(await accuracies('given', 0.05)).not.toEqual(await accuracies('set', 0.05));
  await expect(accuracies('set')).rejects.toThrow(
    /evaluate\.rate: set is for sets that have learned/,
  );
});

// What a thread of worker_threads computes, and its process's main thread too: operators of LibTorch and of ours, forward and
// backward.
import { parentPort, workerData } from 'node:worker_threads';
import { grad, op, ops, scope } from '../../dist/entries/tensor.js';
import { RandomGenerator, setThreads } from '../../dist/index.js';

/** @type {(...values: any[]) => import('../../dist/index.js').Tensor} */
const block = op('ncfm::convolution_block');
/** @type {(...values: any[]) => any} */
const characteristic = op('ncfm::characteristic_function');

/**
 * The first elements of a gradient, the same in every round. A thread posts each.
 * @param {number} rounds
 */
export function gradient(rounds) {
  setThreads(1);
  /** @type {number[]} */
  let found = [];
  for (let round = 0; round < rounds; round++) {
    found = scope(once);
    parentPort?.postMessage(found);
  }
  return found;
}

function once() {
  const random = new RandomGenerator(5);
  const images = random.normal([16, 3, 16, 16]).setRequiresGrad(true);
  const weight = random.normal([8, 3, 3, 3]);
  const [zeros, ones] = [ops.zeros([8]), ops.ones([8])];
  const maps = block(images, weight, zeros, ones, zeros, 1, 1e-5);
  const frequencies = random.normal([64, 512]);
  const [cosines, sines] = characteristic(maps.reshape([16, -1]), frequencies, 2);
  // Each of these operators is looked up anew.
  for (let count = 0; count < 2000; count++) op('neg')(zeros).dispose();
  const loss = cosines.sum().add(sines.sum()).add(maps.exp().mean());
  const [result] = grad([loss], [images]);
  return Array.from(result?.reshape([-1]).narrow(0, 0, 5).toFloat32Array() ?? []);
}

if (parentPort !== null) gradient(workerData);

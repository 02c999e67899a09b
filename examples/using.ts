// Step by step, in TypeScript 5.2 or later, with `using`: what is declared so is released at the end of its block.
import { type DistilledSet, distill, loadDataset } from 'ncfm';

const data = await loadDataset('digits');

/** Distils until the loss has not fallen for ten iterations. */
async function distillUntilSettled(): Promise<DistilledSet | undefined> {
  let [least, at] = [Number.POSITIVE_INFINITY, 0];
  for await (const step of distill.steps(data, {
    imagesPerClass: 1,
    iterations: 100,
    model: { name: 'convnet', depth: 2, width: 8 },
    pretrain: { networks: 2, length: { epochs: 3 } },
  })) {
    if (step.loss < least) [least, at] = [step.loss, step.iteration];
    if (step.iteration - at >= 10) return step.copy();
  }
  return undefined;
}

using set = await distillUntilSettled();
console.log(set ? `${set.images.size(0)} images` : 'it has not settled');

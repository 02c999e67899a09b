// @ts-check
// A distillation that is stopped goes on where it was, when it is asked for again with the same folder.
// Run it with: node examples/resume.mjs
import { distill, loadDataset } from 'ncfm';

const [folder = 'resumed'] = process.argv.slice(2);
const data = await loadDataset('digits');
const controller = new AbortController();

/** @satisfies {import('ncfm').DistillOptions} */
const options = {
  imagesPerClass: 1,
  iterations: 30,
  seed: 1,
  model: { name: 'convnet', depth: 2, width: 8 },
  pretrain: { networks: 2, length: { epochs: 3 } },
  folder,
};

try {
  for await (const step of distill.steps(data, { ...options, signal: controller.signal })) {
    if (step.iteration === 10) controller.abort();
  }
} catch (error) {
  if (!controller.signal.aborted) throw error;
  console.log('stopped after iteration 10');
}

const set = await distill(data, {
  ...options,
  onEvent: (event) => {
    if (event.type === 'distill-resume') console.log(`goes on after iteration ${event.iteration}`);
  },
});
try {
  set.save(`${folder}/set`);
  console.log(`the set is in ${folder}/set`);
} finally {
  set.dispose();
}

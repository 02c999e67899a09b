// @ts-check
// Distils with a method of one's own and tells what networks learn from the result.
// Run it with: node examples/own-method.mjs
// On the command line: a configuration with `imports: [class-means.mjs]` and `distill: { method: class-means, … }`
import { distill, evaluate, loadDataset } from 'ncfm';
import { classMeans } from './class-means.mjs';

const data = await loadDataset('digits');
const set = await distill(data, { method: classMeans, imagesPerClass: 1, iterations: 40 });
try {
  const { set: mine, random } = await evaluate(set, data, {
    model: { name: 'convnet', depth: 2, width: 16 },
    length: { steps: 100 },
    seeds: 2,
  });
  console.log(`class means: ${mine.mean.toFixed(1)} %, random: ${random.mean.toFixed(1)} %`);
} finally {
  set.dispose();
}

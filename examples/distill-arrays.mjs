// @ts-check
// Distils a dataset that is in memory: 600 noisy 12×12 pictures of a bar, lying or standing, become two of each.
// Run it with: node examples/distill-arrays.mjs
import {
  arrayDataset,
  distill,
  evaluate,
  RandomGenerator,
  tuneProcess,
  writeImageGrid,
} from 'ncfm';

// Memory, and threads that wait, as the command line has them; left out, all of this works and takes longer.
tuneProcess();

const shape = { channels: 1, height: 12, width: 12 };
const random = new RandomGenerator(1);
const labels = Array.from({ length: 600 }, (_, image) => image % 2);
const pixels = Float32Array.from({ length: 600 * 144 }, () => random.uniform() / 2);
for (const [image, label] of labels.entries()) {
  const [row, column] = [random.integer(8), random.integer(8)];
  for (let step = 0; step < 5; step++) {
    const offset = label === 0 ? row * 12 + column + step : (row + step) * 12 + column;
    pixels[image * 144 + offset] = 1;
  }
}

// A fifth of each class is held out for testing, as there are no test images.
const bars = arrayDataset({ name: 'bars', split: 'train', shape, pixels, labels });
const set = await distill(bars, {
  imagesPerClass: 2,
  iterations: 60,
  model: { name: 'convnet', depth: 2, width: 16 },
  pretrain: { networks: 3, length: { epochs: 10 } },
  onEvent: (event) => {
    if (event.type === 'distill-iteration' && event.iteration % 20 === 0) {
      console.log(`iteration ${event.iteration}: discrepancy ${event.loss.toFixed(3)}`);
    }
  },
});
try {
  await writeImageGrid({ ...set.stored(), columns: 2, path: 'bars.png' });
  const report = await evaluate(set, bars, {
    seeds: 3,
    length: { steps: 100 },
    model: { name: 'convnet', depth: 2, width: 16 },
  });
  console.log(`distilled images: ${report.set.mean.toFixed(1)} % of the test images are right`);
  console.log(`random real ones: ${report.random.mean.toFixed(1)} %`);
} finally {
  set.dispose();
}

// @ts-check
// Distils a dataset that is in memory: 600 noisy 12×12 pictures of a bar, lying or standing, become two of each.
// Run it with: node examples/distill-arrays.mjs
import {
  arrayDataset,
  distillDataset,
  loadPlan,
  RandomGenerator,
  tuneProcess,
  writeImageGrid,
} from 'ncfm';

// Memory, and threads that wait, as the command line has them; left out, all of this works and takes longer.
tuneProcess();

const shape = { channels: 1, height: 12, width: 12 };
const random = new RandomGenerator(1);
const labels = Array.from({ length: 600 }, (_, image) => image % 2);
const pixels = random.uniformTensor([600, 1, 12, 12]).mul(0.5).toFloat32Array();
for (const [image, label] of labels.entries()) {
  const [row, column] = [random.integer(8), random.integer(8)];
  for (let step = 0; step < 5; step++) {
    const offset = label === 0 ? row * 12 + column + step : (row + step) * 12 + column;
    pixels[image * 144 + offset] = 1;
  }
}

const train = arrayDataset({ name: 'bars', split: 'train', shape, pixels, labels });
const overrides = ['distill.imagesPerClass=2', 'distill.iterations=60'];
const { plan } = loadPlan({ source: 'digits', overrides });
const synthetic = await distillDataset({
  train,
  plan,
  onEvent: (event) => {
    if (event.type === 'distill-iteration' && event.iteration % 20 === 0) {
      console.log(`iteration ${event.iteration}: discrepancy ${event.loss.toFixed(3)}`);
    }
  },
});
const distilled = synthetic.images.toFloat32Array();
await writeImageGrid({ pixels: distilled, shape, columns: 2, path: 'bars.png' });
synthetic.dispose();

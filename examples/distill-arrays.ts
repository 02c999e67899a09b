// Distils a dataset that is in memory: three classes of 12×12 pictures with a bright square, disc or cross somewhere.
import { writeFileSync } from 'node:fs';
import { arrayDataset, distillDataset, loadPlan, RandomGenerator } from 'ncfm';

const side = 12;
const shapes: ((x: number, y: number) => boolean)[] = [
  (x, y) => Math.max(Math.abs(x), Math.abs(y)) <= 2,
  (x, y) => Math.hypot(x, y) <= 3 && Math.hypot(x, y) >= 1.5,
  (x, y) => Math.min(Math.abs(x), Math.abs(y)) === 0 && Math.max(Math.abs(x), Math.abs(y)) <= 3,
];
const random = new RandomGenerator(1);
const labels = Array.from({ length: 600 }, (_, index) => index % shapes.length);
const pixels = new Float32Array(labels.length * side * side);
for (const [image, label] of labels.entries()) {
  const [left, top] = [3 + random.integer(6), 3 + random.integer(6)];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const bright = shapes[label]!(x - left, y - top) ? 0.6 : 0;
      pixels[(image * side + y) * side + x] = bright + 0.4 * random.uniform();
    }
  }
}

const train = arrayDataset({
  name: 'shapes',
  split: 'train',
  shape: { channels: 1, height: side, width: side },
  pixels,
  labels,
});
const { plan } = loadPlan({
  source: 'digits',
  overrides: ['distill.imagesPerClass=2', 'distill.iterations=50'],
});
using synthetic = await distillDataset({
  train,
  plan,
  onEvent: (event) => {
    if (event.type === 'distill-iteration' && event.iteration % 10 === 0)
      console.log(event.iteration, event.discrepancy);
  },
});
console.log(
  `${labels.length} images became ${synthetic.images.shape[0]}, [${synthetic.images.shape}]`,
);
writeFileSync('shapes.f32', synthetic.images.toFloat32Array());

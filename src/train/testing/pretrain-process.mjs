// A process that trains a pool's only network for longer than any test, and tells its events, one on a line. The cache
// is its argument.
import { loadDigits, noAugmentation } from '../../../dist/entries/data.js';
import { pretrain } from '../../../dist/entries/methods.js';
import { RandomGenerator, standInDevice } from '../../../dist/entries/tensor.js';

const named = process.env.NCFM_TEST_DEVICE || 'cpu';
const device = named === 'stand-in' ? standInDevice : named;

const { train } = await loadDigits();
await pretrain({
  train,
  model: { name: 'convnet', depth: 2, width: 4 },
  options: {
    networks: 1,
    length: { steps: 100_000_000 },
    batchSize: 32,
    optimizer: { kind: 'sgd', learningRate: 0.05, momentum: 0.9 },
    schedule: { kind: 'constant' },
    augmentation: noAugmentation,
  },
  checkpoint: { seconds: 0.1, iterations: null },
  cache: process.argv[2] ?? '',
  random: new RandomGenerator(3, device),
  onEvent: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
});

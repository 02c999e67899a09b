// @ts-check
// Distils with a network of one's own and trains it on the result, two at a time in worker processes.
// Run it with: node examples/own-model.mjs
// On the command line: npx ncfm run digits --set 'imports=[examples/thin-network.mjs]' --set 'model={ name: thin }'
import { distill, evaluate, loadDataset } from 'ncfm';
import { thin } from './thin-network.mjs';

const data = await loadDataset('digits');
const set = await distill(data, {
  imagesPerClass: 1,
  iterations: 40,
  model: thin,
  pretrain: { networks: 2, length: { epochs: 5 } },
});
try {
  const { models } = await evaluate(set, data, {
    models: [thin, thin.with({ width: 16 }), 'mlp'],
    length: { steps: 100 },
    seeds: 2,
    threads: 2,
    concurrency: 2,
  });
  for (const { model, set, random } of models) {
    console.log(`${model.name}: ${set.mean.toFixed(1)} %, random: ${random.mean.toFixed(1)} %`);
  }
} finally {
  set.dispose();
}

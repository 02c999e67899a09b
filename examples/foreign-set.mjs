// @ts-check
// Evaluates a distilled set of another project: a .pt file [images, labels], a .npz, .safetensors or .parquet file, or a
// folder of class folders of pictures.
// Run it with: node examples/foreign-set.mjs set.pt cifar-10
import { evaluate, loadDataset, openDistilledSet } from 'ncfm';

const [path = 'set.pt', name = 'digits'] = process.argv.slice(2);
const data = await loadDataset(name);
const channels = data.train.shape.channels === 1 ? 1 : 3;
const set = await openDistilledSet(path, { channels });
try {
  const report = await evaluate(set, data, {
    models: ['convnet2', 'mlp'],
    seeds: 2,
    length: { steps: 100 },
  });
  for (const { model, set, random } of report.models) {
    console.log(`${model.name}: ${set.mean.toFixed(1)} %, random: ${random.mean.toFixed(1)} %`);
  }
} finally {
  set.dispose();
}

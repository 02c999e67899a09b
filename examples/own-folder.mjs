// @ts-check
// Distils pictures of your own: a folder that holds a folder of pictures for each class.
// Run it with: node examples/own-folder.mjs path/to/folder
import { distill, loadDataset } from 'ncfm';

const [path = 'pictures', out = 'distilled'] = process.argv.slice(2);

// Without a part for testing a fifth of each class is held out. Decoded pictures are kept as long as this runs.
const data = await loadDataset({ path }, { size: 32, onNote: console.log });
const set = await distill(data, {
  imagesPerClass: 1,
  iterations: 40,
  model: { name: 'convnet', width: 16 },
  pretrain: { networks: 2, length: { epochs: 5 } },
});
try {
  const { folder, images } = await set.export({ format: 'png', out });
  console.log(`${images} pictures of ${data.train.classNames.join(', ')} are in ${folder}`);
} finally {
  set.dispose();
}

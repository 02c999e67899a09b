import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from 'ncfm';
import { indicesByClass } from 'ncfm/data';
import { poolHash } from 'ncfm/methods';
import { loadSafetensors, savePt } from 'ncfm/tensor';
import { type Context, openPool, poolRequest, poolSettings, say } from './context.js';

/** The files that the PyTorch program reads, relative to the folder of results. */
export interface SharedFiles {
  /** Bytes of the training images, class by class. */
  readonly realImages: string;
  /** State dictionaries: [initial, trained] of each network. */
  readonly networks: readonly (readonly [initial: string, trained: string])[];
}

/** Pretrains the networks of both sides with our program and writes them, and the images, for PyTorch. */
export async function pretrainStage(context: Context): Promise<void> {
  const { store, data } = context;
  if (store.read('pretrain', poolSettings(context)) !== undefined) return;
  say('pretraining the networks of both sides');
  (await openPool(context)).dispose();
  const realImages = 'real-images.bin';
  writeFileSync(store.path(realImages), imagesByClass(data.train));
  const files: SharedFiles = { realImages, networks: exportNetworks(context) };
  store.write('pretrain', poolSettings(context), files);
}

/** All pixels, class by class. Fashion-MNIST has equally many images of each class. */
function imagesByClass(dataset: Dataset): Uint8Array {
  const groups = indicesByClass(dataset.labels, dataset.classNames.length);
  return Buffer.concat(groups.map((group) => dataset.read(group) as Uint8Array));
}

function exportNetworks(context: Context): SharedFiles['networks'] {
  const { store } = context;
  const folder = join(store.folder, 'extractors', poolHash(poolRequest(context)));
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.safetensors'))
    .sort()
    .slice(0, context.options.networks);
  return files.map((file) => {
    const { tensors } = loadSafetensors(join(folder, file));
    const stages = ['initial', 'trained'].map((stage) => {
      const path = store.path('networks', `${file.replace('.safetensors', '')}-${stage}.pt`);
      const ofStage = [...tensors].filter(([name]) => name.startsWith(`${stage}.`));
      savePt(path, Object.fromEntries(ofStage.map(([name, x]) => [name.slice(8), x])));
      return store.relative(path);
    });
    for (const tensor of tensors.values()) tensor.dispose();
    return stages as [string, string];
  });
}

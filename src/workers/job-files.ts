import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, fingerprint } from '../core/index.js';
import { type Dataset, storeDataset } from '../data/index.js';
import type { EvaluateRequest } from '../evaluate/request.js';
import {
  isDataset,
  type LabelledImages,
  type TrainingImages,
} from '../evaluate/training-images.js';
import { saveSafetensors } from '../tensor/index.js';
import { identityOf } from '../train/identity.js';
import { importsFor } from './imports.js';
import type { TrainingJob } from './job.js';

/** The images that worker processes read, each written once, in a folder that goes when this is disposed. */
export class JobFiles implements Disposable {
  readonly #folder: string;

  /** @param folder emptied now; a new temporary one when left out */
  constructor(folder: string = mkdtempSync(join(tmpdir(), 'ncfm-workers-'))) {
    this.#folder = folder;
    // What a killed process may have left.
    rmSync(folder, { recursive: true, force: true });
  }

  /** The job of one seed of an evaluation, which trains on `data`; all images are on disk when this returns. */
  job(request: EvaluateRequest, seed: number, data: TrainingImages): TrainingJob {
    const { set, normalization, test, trainingSample, model, steps, testAtOnce, options } = request;
    const { random } = request;
    return {
      set,
      seed,
      images: isDataset(data)
        ? { kind: 'dataset', path: this.#dataset(data) }
        : { kind: 'tensors', path: this.#tensors(data) },
      normalization,
      test: this.#dataset(test),
      ...(trainingSample && { trainingSample: this.#dataset(trainingSample) }),
      imports: importsFor(model, options),
      model,
      steps,
      ...(testAtOnce !== undefined && { testAtOnce }),
      options,
      random: { seed: random.seed, device: random.device },
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #dataset(dataset: Dataset): string {
    const { name, split, classNames, normalization, hash } = dataset;
    const described = canonicalJson([name, split, classNames, normalization, hash]);
    const key = createHash('sha256').update(described).digest('hex').slice(0, 16);
    const folder = join(this.#folder, `dataset-${key}`);
    if (!existsSync(folder)) storeDataset(dataset, folder);
    return folder;
  }

  #tensors(data: LabelledImages): string {
    const path = join(this.#folder, `images-${fingerprint(identityOf(data))}.safetensors`);
    if (!existsSync(path)) saveSafetensors(path, new Map(Object.entries(data)));
    return path;
  }
}

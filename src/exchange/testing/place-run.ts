import { join } from 'node:path';
import { temporaryFolder } from '../../core/testing/folder.js';
import type { Dataset } from '../../data/index.js';
import { type Formation, initializeSynthetic, saveDistilled } from '../../distill/index.js';
import { saveSoftLabels } from '../../evaluate/index.js';
import { scope } from '../../tensor/index.js';
import { RandomGenerator } from '../../tensor/testing/on-device.js';

/** A run whose set is two images per class of four tiles each, with soft labels, unless said otherwise. */
export function placeRun(
  train: Dataset,
  {
    imagesPerClass = 2,
    soft = true,
    formation = { mode: 'single', factor: 2 },
    stepSize,
  }: {
    readonly imagesPerClass?: number;
    readonly soft?: boolean;
    readonly formation?: Formation;
    readonly stepSize?: number;
  } = {},
): string {
  const run = temporaryFolder();
  const folder = join(run, 'distilled');
  using synthetic = initializeSynthetic(train, {
    imagesPerClass,
    formation,
    initialization: { kind: 'noise' },
    random: new RandomGenerator(1),
  });
  synthetic.stepSize = stepSize;
  saveDistilled(folder, synthetic, train);
  if (soft) {
    const classes = train.classNames.length;
    using scores = new RandomGenerator(2).normal([classes * synthetic.decodedPerClass, classes]);
    using probabilities = scope(() => scores.softmax(1));
    saveSoftLabels(folder, {
      probabilities,
      metadata: {
        formatVersion: 1,
        temperature: 1,
        correctToHard: false,
        teacher: { hash: 'abc', networks: 1, testAccuracy: 90 },
        agreement: 50,
      },
    });
  }
  return run;
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { openDataset } from '../data/index.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import { RunDirectory } from '../run/index.js';
import { liveTensors, loadSafetensors } from '../tensor/index.js';
import type { NearestImages } from './nearest-images.js';
import { runPipeline } from './pipeline.js';

async function run(plan: Plan): Promise<RunDirectory> {
  const folder = temporaryFolder();
  const directory = RunDirectory.create({ runs: folder, name: 'run' });
  await runPipeline({ plan, directory, cache: join(folder, 'cache'), onEvent: () => {} });
  return directory;
}

describe('the nearest real images of a set', () => {
  it('are those of its classes that differ least from it, pixel by pixel', async () => {
    const before = liveTensors();
    const distill = { ...smallPlan.distill, formation: { mode: 'single', factor: 1 } } as const;
    const directory = await run({ ...smallPlan, distill });
    const file = directory.pathOf('nearest.json');
    const told = JSON.parse(readFileSync(file, 'utf8')) as NearestImages;
    const { train } = await openDataset({ name: 'digits' }, { cache: temporaryFolder() });
    const stored = loadSafetensors(directory.pathOf('distilled', 'images.safetensors')).tensors;
    const images = stored.get('images')!.toFloat32Array();
    for (const value of stored.values()) value.dispose();
    const size = 64;
    const perClass = smallPlan.distill.imagesPerClass;
    expect(told).toMatchObject({ tiles: 1, cells: { columns: perClass, count: 10 * perClass } });
    for (const [at, index] of told.indices.entries()) {
      const differences = Array.from(train.labels, (label, real) => {
        if (label !== Math.floor(at / perClass)) return Infinity;
        const pixels = train.read([real]);
        const scale = pixels instanceof Uint8Array ? 255 : 1;
        let sum = 0;
        for (let pixel = 0; pixel < size; pixel++) {
          sum += (pixels[pixel]! / scale - images[at * size + pixel]!) ** 2;
        }
        return Math.sqrt(sum / size);
      });
      // Two may be equally near but for rounding.
      expect(differences[index]).toBeCloseTo(Math.min(...differences), 4);
      expect(told.distances[at]).toBeCloseTo(differences[index]!, 4);
    }
    expect(liveTensors()).toBe(before);
  });

  it('are one for each tile that an image is decoded to', async () => {
    const distill = { ...smallPlan.distill, formation: { mode: 'single', factor: 2 } } as const;
    const directory = await run({ ...smallPlan, distill });
    const told = JSON.parse(
      readFileSync(directory.pathOf('nearest.json'), 'utf8'),
    ) as NearestImages;
    const perClass = smallPlan.distill.imagesPerClass;
    expect(told).toMatchObject({
      tiles: 4,
      cells: { columns: 4 * perClass, count: 40 * perClass },
    });
    expect(existsSync(directory.pathOf('nearest.png'))).toBe(true);
  });
});

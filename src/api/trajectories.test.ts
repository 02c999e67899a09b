import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadPlan } from '../config/index.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { loadDistilled } from '../distill/index.js';
import { estimatePlan } from '../pipeline/estimate.js';
import { distillOnly } from '../pipeline/pipeline.js';
import { RunDirectory, type RunEvent } from '../run/index.js';
import { liveTensors } from '../tensor/index.js';
import { testDevice } from '../tensor/testing/on-device.js';

const yaml = `
dataset: { name: digits }
threads: 1
model: { name: convnet, depth: 2, width: 4 }
pretrain: { networks: 2, length: { epochs: 6 } }
distill: { method: tesla, imagesPerClass: 1, innerSteps: 3, iterations: 2 }
checkpoint: { seconds: null, iterations: 1 }
`;

function run(folder: string, overrides: string[] = []) {
  const source = join(folder, 'own.yaml');
  writeFileSync(source, yaml);
  const { plan } = loadPlan({ source, overrides });
  const directory = RunDirectory.create({ runs: folder, name: 'run', existing: 'replace' });
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent) => void events.push(event);
  const request = { plan, directory, cache: join(folder, 'cache'), onEvent };
  return { request, events, folder: directory.pathOf('distilled') };
}

it('a configuration of TESLA trains experts as it wants them, and stores its step size', async () => {
  const before = liveTensors();
  const { request, events, folder } = run(temporaryFolder());
  const { optimizer, augmentation } = request.plan.pretrain;
  expect(optimizer).toMatchObject({ kind: 'sgd', learningRate: 0.01, momentum: 0, weightDecay: 0 });
  expect(augmentation).toMatchObject({ choose: 'one', rotate: 15, cutout: 0.5 });
  await distillOnly(request);
  const steps = events.filter((event) => event.type === 'distill-iteration');
  expect(steps).toHaveLength(2);
  expect(steps[0]!.terms).toMatchObject({ stepSize: 0.01 });
  const { images, metadata } = loadDistilled(folder, testDevice);
  images.dispose();
  expect(metadata.stepSize).not.toBe(0.01);
  expect(metadata.stepSize).toBeCloseTo(0.01, 4);
  const path = join(folder, 'metadata.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"stepSize": /, '"stepSize": -'));
  expect(() => loadDistilled(folder, testDevice)).toThrow('stepSize is missing or not as');
  expect(liveTensors()).toBe(before);
});

it('its time is estimated without its experts', async () => {
  const before = liveTensors();
  const { request } = run(temporaryFolder());
  const { stages } = await estimatePlan({ plan: request.plan, cache: request.cache });
  expect(stages.every(({ seconds }) => seconds > 0)).toBe(true);
  expect(liveTensors()).toBe(before);
});

it.each([
  [
    'distill.maxStartEpoch=6',
    /TESLA follows the networks for 7 epochs .*lasts 6; .*pretrain.length/,
  ],
  ['pretrain.length.epochs=0.5', /less than one epoch.*pretrain\.length/],
  ['model.norm=batch', /norm: instance/],
  ['distill.batchSize=none', /distill\.batchSize: expected a number of images, or all/],
  ['distill.stepSize.initial=0', /distill\.stepSize\.initial: expected a number above 0/],
])('%s is refused before anything is trained', async (setting, message) => {
  const folder = temporaryFolder();
  await expect((async () => distillOnly(run(folder, [setting]).request))()).rejects.toThrow(
    message,
  );
});

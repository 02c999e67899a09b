import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSafetensors, scope } from '../../src/tensor/index.js';
import { launchAll } from '../distributed/processes.js';
import { alone, few, place } from '../distributed/runs.js';

/** The largest difference of two runs' pixels. */
function difference(one: string, other: string): number {
  return scope(() => {
    const [a, b] = [one, other].map(
      (run) => loadSafetensors(join(run, 'distilled/images.safetensors')).tensors.get('images')!,
    );
    return a!.sub(b!).abs().max().item();
  });
}

describe('several processes', () => {
  // Products of matrices round by their number of rows; Adam makes more of that where gradients are small.
  it.each([
    ['dm', ['--method', 'dm'], 0],
    ['dsa', ['--method', 'dsa'], 0],
    ['rded', ['--method', 'rded', '--set', 'distill.iterations=1'], 0],
    [
      'plain matching, real images drawn now and then',
      ['--set', 'distill={ matching: { strategy: plain, realPerClass: 20 }, amortize: 4 }'],
      0,
    ],
    [
      'a sampling network, and fine-tuning',
      [
        '--set',
        'distill.frequencies={ kind: sampling-network, count: 64, scale: auto, optimizer: { kind: adam, learningRate: 0.001 } }',
        ...['--set', 'distill.fineTuning={ kind: step, weight: 1 }'],
      ],
      1e-2,
    ],
  ])('have the images of one: %s', async (_, changes, tolerance) => {
    const { folder, args } = place();
    await alone(args('distill', 'one', ...few, ...changes));
    const all = await launchAll(2, args('distill', 'two', ...few, ...changes));
    expect(all.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    const found = difference(join(folder, 'one'), join(folder, 'two'));
    expect(found).toBeLessThanOrEqual(tolerance);
  });

  it('share out continual learning and search, with the results of one', async () => {
    const { folder, args } = place();
    const space =
      '{ widths: [8], depths: [1], norms: [none, instance, batch], activations: [relu], poolings: [max] }';
    const tasks = {
      continual: [
        '--set',
        'continual={ steps: 2, seeds: 2, jointEpochs: null, memories: [random, distilled] }',
      ],
      search: [
        ...['--set', `search={ space: ${space}, length: { steps: 3 }, sample: all }`],
        ...['--set', 'search.reference.epochs=0.1'],
      ],
    };
    for (const [task, changes] of Object.entries(tasks)) {
      await alone(args(task, `${task}-one`, ...few, ...changes));
      const all = await launchAll(2, args(task, `${task}-two`, ...few, ...changes));
      expect(all.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
        [0, ''],
        [0, ''],
      ]);
      const [one, two] = ['one', 'two'].map((which) =>
        withoutTimes(readFileSync(join(folder, `${task}-${which}`, `${task}.json`), 'utf8')),
      );
      expect(two).toEqual(one);
    }
  });
});

/** A result but for its seconds. */
function withoutTimes(text: string): unknown {
  return JSON.parse(text, (key, value) => (key === 'seconds' ? undefined : value));
}

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ncfm } from './testing/capture.js';
import { folders } from './testing/folders.js';

it('a run on whitened images is measured on whitened images, whoever evaluates its set', async () => {
  const { runs, flags } = folders();
  const run = ['run', 'digits', ...flags, '--set', 'dataset.whitening=zca', '--json'];
  const { exitCode, stdout } = await ncfm(...run);
  expect(exitCode).toBe(0);
  const { accuracy, protocol } = JSON.parse(stdout);
  expect(protocol.preprocessing.normalization.mean).toEqual([0.5]);

  const cache = flags.slice(2, 4);
  const again = await ncfm('evaluate', join(runs, 'digits'), ...cache, '--json');
  expect(JSON.parse(again.stdout).accuracy.distilled).toEqual(accuracy.distilled);

  const foreign = [
    'evaluate',
    join(runs, 'digits', 'distilled'),
    '--data',
    'digits',
    ...flags.slice(2),
  ];
  const plain = await ncfm(...foreign);
  expect(plain).toMatchObject({ exitCode: 2 });
  expect(plain.stderr).toContain('--set dataset.whitening=zca');
  const whitened = await ncfm(...foreign, '--set', 'dataset.whitening=zca', '--json');
  expect(whitened).toMatchObject({ exitCode: 0 });
});

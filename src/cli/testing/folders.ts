import { join } from 'node:path';
import { temporaryFolder } from '../../core/testing/folder.js';
import { testDevice } from '../../tensor/testing/on-device.js';

/** The digits, cut down to a second. */
const quick = [
  ...['--set', 'pretrain={ networks: 1, length: { epochs: 0.1 } }'],
  ...['--set', 'distill.iterations=2', '--set', 'evaluate={ length: { steps: 2 }, seeds: 1 }'],
  ...['--threads', '1', '--device', testDevice],
];

/** Folders for runs and networks, in a new one that goes when the test ends unless given; the options that name them. */
export function folders(folder = temporaryFolder()) {
  const runs = join(folder, 'runs');
  return { folder, runs, flags: ['--runs', runs, '--cache', join(folder, 'cache'), ...quick] };
}

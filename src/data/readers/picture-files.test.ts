import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../testing/files.js';
import { pictureFiles } from './picture-files.js';

const fixture = fileURLToPath(new URL('../testing/fixtures/pictures/small.png', import.meta.url));
const common = {
  name: 'pets',
  split: 'train',
  classNames: ['cat'],
  shape: { channels: 3, height: 4, width: 4 },
};

it('pictures in files are described by their paths and decoded to one shape', async () => {
  const root = await temporaryDirectory();
  cpSync(fixture, join(root, '1.png'));
  const source = await pictureFiles({ ...common, root, files: [{ file: '1.png', label: 0 }] });
  expect(source.describe(0)).toBe(join(root, '1.png'));
  expect(await source.decode(0)).toHaveLength(3 * 4 * 4);
});

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository: the nearest folder above this file that holds package.json. */
export const repository = ((): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
})();

/** Everything that the benchmarks write. */
export const buildFolder = join(repository, 'build/bench');

/** The PyTorch program. */
export const pytorchProgram = join(repository, 'bench/pytorch/main.py');

import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeTiff } from './tiff.js';

/** Side of the pictures that `writePets` writes. */
export const petSide = 8;

const moment = new Date('2020-01-01T00:00:00Z');

/** Shades of grey from a level on, different for every seed. */
export function petPixels(level: number, seed: number): Uint8Array {
  return Uint8Array.from(
    { length: petSide * petSide },
    (_, index) => level + ((index * 37 + seed * 101) % 23),
  );
}

/**
 * Writes a folder of cats and dogs as uncompressed TIFF: four of each to train on, `1.tif` to `4.tif`, and one to test.
 * Whatever the levels of grey, all files have one size and one time of change.
 */
export function writePets(root: string, { cats, dogs }: { cats: number; dogs: number }): void {
  for (const [name, level] of Object.entries({ cat: cats, dog: dogs })) {
    for (let number = 0; number < 5; number++) {
      const path = join(root, number === 0 ? 'test' : 'train', name, `${number}.tif`);
      mkdirSync(dirname(path), { recursive: true });
      writePet(path, petPixels(level, number + cats));
    }
  }
}

/** Writes one of the pictures, with the time of change of all others. */
export function writePet(path: string, values: Uint8Array): void {
  writeFileSync(path, encodeTiff({ width: petSide, height: petSide, values }));
  utimesSync(path, moment, moment);
}

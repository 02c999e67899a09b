import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Dataset } from '../dataset/dataset.js';

/** A file made by make_arrays.py. */
export function arraysPath(name: string): string {
  return fileURLToPath(new URL(`fixtures/arrays/${name}`, import.meta.url));
}

/** Labels of a part, and the SHA-256 of its pixels. */
export interface GoldenPart {
  readonly labels: readonly number[];
  readonly sha256: string;
}

/** What Python says is in the files. */
export const goldenArrays = JSON.parse(readFileSync(arraysPath('golden.json'), 'utf8')) as {
  readonly 'cifar-10': { readonly train: GoldenPart; readonly test: GoldenPart };
  readonly 'cifar-100': {
    readonly fine: number[];
    readonly coarse: number[];
    readonly sha256: string;
  };
  readonly svhn: { readonly train: GoldenPart; readonly test: GoldenPart };
  readonly keras: { readonly train: string; readonly test: string };
  readonly medmnist: { readonly train: string; readonly test: string };
  readonly pair: string;
  readonly npy: Record<string, { readonly shape: number[]; readonly values: number[] }>;
};

/** SHA-256 (hex) of all of a dataset's pixels, in its order or another. */
export function pixelHash(dataset: Dataset, order?: readonly number[]): string {
  return sha256(dataset.read(order ?? dataset.labels.map((_, index) => index)));
}

/** SHA-256 (hex) of an array's bytes. */
export function sha256({ buffer, byteOffset, byteLength }: NodeJS.TypedArray): string {
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
}

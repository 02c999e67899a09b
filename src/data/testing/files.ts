import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

const makeDirectory = () => mkdtemp(join(tmpdir(), 'ncfm-data-'));

/** An empty directory that is removed when the current test ends. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await makeDirectory();
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

/** Runs the body with an empty directory that is removed afterwards; for use in hooks. */
export async function withTemporaryDirectory<T>(body: (path: string) => Promise<T>): Promise<T> {
  const directory = await makeDirectory();
  try {
    return await body(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The bytes of an IDX file of unsigned bytes. */
export function encodeIdx(dimensions: readonly number[], values: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.set([0, 0, 8, dimensions.length]);
  dimensions.forEach((size, axis) => {
    header.writeUInt32BE(size, 4 + 4 * axis);
  });
  return Buffer.concat([header, Uint8Array.from(values)]);
}

/** How `writeMiniature` writes its files. */
export interface MiniatureOptions {
  readonly compress?: boolean;
  /** `train-images.idx3-ubyte` instead of `train-images-idx3-ubyte`. */
  readonly dotted?: boolean;
}

/** Writes a small dataset in MNIST's layout: 30 + 20 images of 3×2 in ten classes. */
export async function writeMiniature(directory: string, options: MiniatureOptions = {}) {
  for (const [stem, count] of [
    ['train', 30],
    ['t10k', 20],
  ] as const) {
    const pixels = Uint8Array.from({ length: count * 6 }, (_, index) => (index * 37 + count) % 256);
    const labels = Uint8Array.from({ length: count }, (_, index) => index % 10);
    await writeOne(
      directory,
      `${stem}-images-idx3-ubyte`,
      encodeIdx([count, 3, 2], pixels),
      options,
    );
    await writeOne(directory, `${stem}-labels-idx1-ubyte`, encodeIdx([count], labels), options);
  }
}

function writeOne(directory: string, name: string, content: Buffer, options: MiniatureOptions) {
  const spelled = options.dotted ? name.replace('-idx', '.idx') : name;
  return options.compress
    ? writeFile(join(directory, `${spelled}.gz`), gzipSync(content))
    : writeFile(join(directory, spelled), content);
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { pack } from 'tar-stream';
import { encodeEnds, pixelsStart } from '../../dist/data/cache/flat-file.js';
import { savePt, saveSafetensors, type Tensor, tensor } from '../../dist/tensor/index.js';

/** What a writer writes to a path. */
function written(name: string, write: (path: string) => void): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-seed-'));
  try {
    write(join(folder, name));
    return readFileSync(join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Gives tensors to a writer, and releases them. */
function withTensors(
  make: () => Record<string, Tensor>,
  write: (tensors: Record<string, Tensor>) => void,
): void {
  const tensors = make();
  write(tensors);
  for (const one of Object.values(tensors)) one.dispose();
}

const ramp = (length: number) => Array.from({ length }, (_, index) => index / length);

/** Images of 2×2, two of each of two classes, and their labels. */
const images = () => ({
  images: tensor(ramp(16), [4, 1, 2, 2]),
  labels: tensor([0, 1, 0, 1], [4], 'int64'),
});

/** Tensors of several types. */
export function safetensorsFile(): Buffer {
  const make = () => ({
    ...images(),
    weights: tensor(ramp(6), [2, 3], 'float64'),
    flags: tensor(Uint8Array.of(1, 0, 1), [3]),
  });
  return written('seed.safetensors', (path) =>
    withTensors(make, (tensors) =>
      saveSafetensors(path, new Map(Object.entries(tensors)), { class_names: '["cat", "dog"]' }),
    ),
  );
}

/** Nested containers with all that may be in them. */
export function ptFile(): Buffer {
  return written('seed.pt', (path) =>
    withTensors(images, ({ images: pixels, labels }) =>
      savePt(path, {
        state: { weight: pixels!, bias: labels! },
        list: [1, 2.5, -3, 2 ** 40, 'text', null, true, [false, {}]],
      }),
    ),
  );
}

/** A distilled set as the official project stores it. */
export function distilledFile(): Buffer {
  return written('seed.pt', (path) =>
    withTensors(images, ({ images: pixels, labels }) => savePt(path, [pixels!, labels!])),
  );
}

/** An IDX file of unsigned bytes. */
export function smallIdx(dimensions: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.set([0, 0, 8, dimensions.length]);
  for (const [axis, size] of dimensions.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  const values = dimensions.reduce((product, size) => product * size, 1);
  return Buffer.concat([header, Buffer.from(ramp(values).map((value) => value * 255))]);
}

const files: Readonly<Record<string, string>> = {
  'set/readme.txt': 'What this is.\n'.repeat(40),
  'set/train/a.bin': 'a',
  'set/empty': '',
};

/** An archive of three files. */
export async function archive(kind: 'zip' | 'tar'): Promise<Buffer> {
  if (kind === 'zip') {
    const contents = Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]);
    return Buffer.from(zipSync(Object.fromEntries(contents), { mtime: new Date(2000, 0, 1) }));
  }
  const packing = pack();
  for (const [name, text] of Object.entries(files)) {
    packing.entry({ name, mtime: new Date(0) }, text);
  }
  // Longer than a header has room for, so that an extended one is written.
  packing.entry({ name: `set/${'long'.repeat(40)}`, mtime: new Date(0) }, 'long');
  packing.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of packing as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A file of decoded images. */
export function cacheFile(): Buffer {
  const labels = Int32Array.of(0, 1, 0);
  const header = {
    name: 'small',
    split: 'train',
    shape: { channels: 1, height: 2, width: 2 },
    images: labels.length,
    classNames: ['cat', 'dog'],
    fingerprint: 'f',
    decoding: 'd',
    scale: 'unknown' as const,
    damaged: [],
    normalization: { mean: [0.5], std: [0.25] },
    hash: '0'.repeat(64),
  };
  const { front, end } = encodeEnds({ header, labels, identities: new Uint8Array(32 * 3) });
  const padding = Buffer.alloc(pixelsStart - front.length);
  return Buffer.concat([front, padding, Buffer.alloc(4 * labels.length, 7), ...end]);
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { encodeIdx, temporaryDirectory } from '../testing/files.js';
import { withFreeMemory } from '../testing/memory.js';
import { readIdx, readIdxPair } from './idx.js';

const whole = encodeIdx([2, 3], [1, 2, 3, 4, 5, 6]);

async function file(content: Uint8Array, name = 'file.idx'): Promise<string> {
  const path = join(await temporaryDirectory(), name);
  await writeFile(path, content);
  return path;
}

/** The message that reading this content gives, which must begin with the file's name. */
async function problem(content: Uint8Array): Promise<string> {
  const path = await file(content);
  const error = await readIdx(path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  const { message } = error as UsageError;
  expect(message.startsWith(`${path}: `)).toBe(true);
  return message.slice(path.length + 2);
}

/** A copy of the whole file with some of its bytes replaced. */
function patched(offset: number, ...bytes: number[]): Buffer {
  const copy = Buffer.from(whole);
  copy.set(bytes, offset);
  return copy;
}

describe('readIdx', () => {
  it('reads back any array, plain or compressed, whatever the file is called', async () => {
    const directory = await temporaryDirectory();
    const arrays = fc
      .array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 })
      .chain((dimensions) => {
        const length = dimensions.reduce((product, size) => product * size, 1);
        return fc.record({
          dimensions: fc.constant(dimensions),
          values: fc.uint8Array({ minLength: length, maxLength: length }),
          compress: fc.boolean(),
          name: fc.constantFrom('array', 'array.gz'),
        });
      });
    await fc.assert(
      fc.asyncProperty(arrays, async ({ dimensions, values, compress, name }) => {
        const path = join(directory, name);
        const content = encodeIdx(dimensions, values);
        await writeFile(path, compress ? gzipSync(content) : content);
        expect(await readIdx(path)).toEqual({ dimensions, values: Uint8Array.from(values) });
      }),
    );
  });

  it.each([false, true])(
    'refuses any damaged header with a UsageError (compressed: %s)',
    async (compress) => {
      const directory = await temporaryDirectory();
      const path = join(directory, 'damaged');
      const damage = fc.array(fc.tuple(fc.nat(11), fc.nat(255)), { minLength: 1, maxLength: 4 });
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(damage, fc.nat(whole.length), async (changes, length) => {
          const content = Buffer.from(whole.subarray(0, length));
          for (const [offset, byte] of changes) if (offset < length) content[offset] = byte;
          await writeFile(path, compress ? gzipSync(content) : content);
          try {
            const { dimensions, values } = await readIdx(path);
            expect(values).toHaveLength(dimensions.reduce((product, size) => product * size, 1));
          } catch (error) {
            expect(error).toBeInstanceOf(UsageError);
            refused++;
          }
        }),
      );
      expect(refused).toBeGreaterThan(0);
    },
  );

  it('refuses any damaged .gz file with a UsageError, or reads it whole', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'damaged.gz');
    const compressed = gzipSync(whole);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(compressed.length - 1),
        fc.nat(255),
        fc.nat(compressed.length),
        async (offset, byte, length) => {
          const content = Buffer.from(compressed);
          content[offset] = byte;
          await writeFile(path, content.subarray(0, length));
          const result = await readIdx(path).catch((error: unknown) => error);
          if (result instanceof Error) expect(result).toBeInstanceOf(UsageError);
          else expect(result).toMatchObject({ dimensions: [2, 3] });
        },
      ),
    );
  });

  it('says which bytes of the header are wrong, what they are and what was expected', async () => {
    expect(await problem(patched(0, 0x50, 0x4b))).toContain(
      'bytes 0-1 are 0x504b; expected 0x0000',
    );
    expect(await problem(patched(2, 0x0d))).toContain(
      'byte 2 (the type of the values) is 0x0d (32-bit float); expected 0x08 (unsigned byte)',
    );
    expect(await problem(patched(2, 0x77))).toContain('is 0x77 (unknown)');
    expect(await problem(patched(3, 0))).toContain(
      'byte 3 (the number of dimensions) is 0; expected at least 1',
    );
    expect(await problem(patched(8, 0, 0, 0, 0))).toContain(
      'bytes 8-11 (the size of dimension 1) are 0; expected at least 1',
    );
  });

  it('says that a file is truncated, in its header or its values', async () => {
    expect(await problem(new Uint8Array(0))).toContain('truncated: it ends at byte 0');
    expect(await problem(whole.subarray(0, 10))).toContain(
      'truncated: it ends at byte 10, within its header; expected at least 12 bytes',
    );
    const message = await problem(whole.subarray(0, 15));
    expect(message).toContain(
      'truncated: expected 18 bytes (a header of 12, then 2 × 3 values), found 15',
    );
    expect(message).toContain('download it again');
    expect(await problem(gzipSync(whole).subarray(0, 20))).toContain('truncated or damaged');
    expect(await problem(gzipSync(whole.subarray(0, 15)))).toContain('found 15');
  });

  it('says that a file is longer than its header announces', async () => {
    const longer = Buffer.concat([whole, Buffer.alloc(2)]);
    expect(await problem(longer)).toContain('longer than its header says: expected 18 bytes');
    expect(await problem(gzipSync(longer))).toContain('longer than its header says');
  });

  it('refuses sizes that no real file has, before making room for them', async () => {
    const claim = patched(4, 0xff, 0xff, 0xff, 0xff);
    const expected = 'bytes 4-7 (the size of dimension 0) are 4294967295; expected at most 2 GiB';
    expect(await problem(claim)).toContain(expected);
    expect(await problem(gzipSync(claim))).toContain(expected);
  });

  it('reads regular images that come to hundreds of times their packed size', async () => {
    const path = join(await temporaryDirectory(), 'zeros.gz');
    const zeros = gzipSync(encodeIdx([20 * 2 ** 20], new Uint8Array(20 * 2 ** 20)));
    await writeFile(path, zeros);
    expect((await readIdx(path)).values).toHaveLength(20 * 2 ** 20);
    withFreeMemory(0);
    expect(await problem(zeros)).toContain(
      'announces 20971528 bytes; at most 16777216 are unpacked, a third of the memory',
    );
  });

  it('stops decompressing where the header says that the values end', async () => {
    const bomb = gzipSync(Buffer.concat([whole, Buffer.alloc(64 * 1024 * 1024)]));
    expect(bomb.length).toBeLessThan(100_000);
    expect(await problem(bomb)).toContain(
      'expected 18 bytes (a header of 12, then 2 × 3 values), found more;',
    );
  });

  it('says that a path is missing or is not a file', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'folder'));
    for (const name of ['absent', 'folder']) {
      const path = join(directory, name);
      await expect(readIdx(path)).rejects.toThrow(UsageError);
      await expect(readIdx(path)).rejects.toThrow(`${path}: the file can't be read`);
    }
  });
});

describe('readIdxPair', () => {
  async function pair(images: Buffer, labels: Buffer) {
    const directory = await temporaryDirectory();
    const paths = { images: join(directory, 'images'), labels: join(directory, 'labels') };
    await writeFile(paths.images, images);
    await writeFile(paths.labels, labels);
    return paths;
  }

  it('gives the images and their labels', async () => {
    const paths = await pair(encodeIdx([2, 1, 3], [1, 2, 3, 4, 5, 6]), encodeIdx([2], [7, 8]));
    expect(await readIdxPair(paths)).toEqual({
      shape: { channels: 1, height: 1, width: 3 },
      pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
      labels: Uint8Array.of(7, 8),
    });
  });

  it('refuses counts that disagree, naming both files and both counts', async () => {
    const paths = await pair(encodeIdx([2, 1, 1], [1, 2]), encodeIdx([3], [0, 1, 2]));
    await expect(readIdxPair(paths)).rejects.toThrow(
      `${paths.images} holds 2 images, but ${paths.labels} holds 3 labels`,
    );
  });

  it('refuses swapped files', async () => {
    const { images, labels } = await pair(encodeIdx([1, 1, 1], [1]), encodeIdx([1], [0]));
    await expect(readIdxPair({ images: labels, labels: images })).rejects.toThrow(
      `${labels}: byte 3 (the number of dimensions) is 1; expected 3 (images, rows, columns)`,
    );
    await expect(readIdxPair({ images, labels: images })).rejects.toThrow('is 3; expected 1');
  });
});

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeZip } from '../testing/archive-files.js';
import { arraysPath, goldenArrays } from '../testing/arrays.js';
import { withFreeMemory } from '../testing/memory.js';
import { encodeNpy, type NumberArray, parseNpy, parseNumpy } from './npy.js';
import { encodeNpz, parseNpz } from './npz.js';

const read = (name: string) => parseNpy(readFileSync(arraysPath(`${name}.npy`)));

const arrays = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }).chain((shape) => {
  const length = shape.reduce((product, size) => product * size, 1);
  const size = { minLength: length, maxLength: length };
  const values: fc.Arbitrary<NumberArray> = fc.oneof(
    fc.uint8Array(size),
    fc.int16Array(size),
    fc.int32Array(size),
    fc.bigInt64Array(size),
    fc.float32Array(size),
    fc.float64Array(size),
  );
  return values.map((array) => ({ shape, values: array.slice() as NumberArray }));
});

describe('parseNpy', () => {
  it.each(Object.keys(goldenArrays.npy))("reads NumPy's %s array", (name) => {
    const { shape, values } = read(name);
    const expected = goldenArrays.npy[name]!;
    expect(shape).toEqual(expected.shape);
    expect(Array.from(values as ArrayLike<number | bigint>, Number)).toEqual(expected.values);
  });

  it.each(['texts', 'texts-big-endian', 'texts-bytes', 'texts-fortran'])(
    "reads NumPy's %s",
    (name) => {
      const array = parseNumpy(readFileSync(arraysPath(`${name}.npy`)));
      const shape = name === 'texts-fortran' ? [2, 3] : [6];
      expect(array).toEqual({ shape, texts: ['dog', 'cat', 'Café', '🐈', 'dog', ''] });
      expect(() => read(name)).toThrow('its values are texts; expected numbers');
    },
  );

  it('refuses texts that are damaged, and claims of any number of empty ones', () => {
    const file = (descr: string, shape: string, ...content: readonly number[]) => {
      const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape})}\n`;
      const start = Buffer.from('\x93NUMPY\x01\0\0\0', 'latin1');
      start.writeUInt16LE(header.length, 8);
      return Buffer.concat([start, Buffer.from(header), Buffer.from(content)]);
    };
    expect(parseNumpy(file('|S2', '1,', 0x6f, 0x6b))).toEqual({ shape: [1], texts: ['ok'] });
    expect(() => parseNumpy(file('<U1', '1,', 0, 0, 0x11, 0))).toThrow('its text 0 is damaged');
    expect(() => parseNumpy(file('|S2', '1,', 0xc3, 0x28))).toThrow('its text 0 is damaged');
    expect(() => parseNumpy(file('<U0', '9000000000,'))).toThrow("of type '<U0'");
  });

  it('refuses more dimensions than NumPy has, which would take forever to count', () => {
    const header = `{'descr': '|u1', 'fortran_order': True, 'shape': (${'1,'.repeat(30_000)})}\n`;
    const start = Buffer.from('\x93NUMPY\x01\0\0\0', 'latin1');
    start.writeUInt16LE(header.length, 8);
    const file = Buffer.concat([start, Buffer.from(header), Buffer.of(7)]);
    expect(() => parseNpy(file)).toThrow('it has 30000 dimensions; at most 64 are read');
  });

  it('reads the second version of the format', () => {
    expect(read('version-2')).toEqual(read('bytes'));
  });

  it('reads back whatever encodeNpy writes', () => {
    fc.assert(
      fc.property(arrays, (array) => {
        expect(parseNpy(encodeNpy(array))).toEqual(array);
      }),
    );
  });

  it('refuses objects, which would have to be run, and what is no array', () => {
    expect(() => read('objects')).toThrow(/cannot be understood|of type/);
    expect(() => parseNpy(Buffer.from('PK\x03\x04 no array at all'))).toThrow('no .npy array');
  });

  it('refuses a header that promises other bytes than follow', () => {
    const whole = readFileSync(arraysPath('bytes.npy'));
    expect(() => parseNpy(whole.subarray(0, -1))).toThrow(
      'an array of 2 × 3 × 4 values of 1 bytes needs 24 bytes, 23 follow the header',
    );
    const claim = Buffer.from(whole.toString('latin1').replace('(2, 3, 4)', '(9e9,3,4)'), 'latin1');
    expect(() => parseNpy(claim)).toThrow(/cannot be understood/);
    expect(() => parseNpy(whole.subarray(0, 40))).toThrow('claims to end at byte 128');
  });
});

describe('parseNpz', () => {
  it('reads back whatever encodeNpz writes', async () => {
    const files = fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), arrays, { maxKeys: 3 });
    await fc.assert(
      fc.asyncProperty(files, async (content) => {
        const written = new Map(Object.entries(content));
        expect(await parseNpz(Buffer.from(encodeNpz(written)))).toEqual(written);
      }),
      { numRuns: 50 },
    );
  });

  const zeros = { shape: [20 * 2 ** 20], values: new Uint8Array(20 * 2 ** 20) };

  it('reads regular arrays that come to hundreds of times their packed size', async () => {
    const packed = Buffer.from(encodeNpz(new Map([['images', zeros]])));
    expect(packed.length).toBeLessThan(zeros.values.length / 500);
    const images = (await parseNpz(packed)).get('images')!;
    expect(images).toMatchObject({ shape: zeros.shape });
    expect('values' in images && images.values).toHaveLength(20 * 2 ** 20);
  });

  it('refuses arrays that memory has no room for, together too, before unpacking them', async () => {
    withFreeMemory(90 * 2 ** 20);
    const arrays = new Map(['a', 'b'].map((name) => [name, zeros]));
    const bomb = Buffer.from(encodeNpz(arrays));
    await expect(parseNpz(bomb)).rejects.toThrow(
      `with 'b', its arrays take ${2 * (20 * 2 ** 20 + 128)} bytes; at most ${30 * 2 ** 20} are unpacked`,
    );
    const huge = makeZip([{ name: 'images.npy', content: 'x', claimedSize: 2 ** 32 - 2 }]);
    await expect(parseNpz(huge)).rejects.toThrow("'images' takes 4294967294 bytes; expected at");
  });

  it('refuses an array that comes to more than is stated, however little that is', async () => {
    const content = Buffer.alloc(64 * 2 ** 20);
    const bomb = makeZip([{ name: 'images.npy', content, claimedSize: 1000 }]);
    await expect(parseNpz(bomb)).rejects.toThrow('too many bytes in the stream');
  });

  it('leaves out what is not wanted', async () => {
    const bytes = readFileSync(arraysPath('medmnist.npz'));
    const found = await parseNpz(bytes, (name) => name.startsWith('val'));
    expect([...found.keys()]).toEqual(['val_images', 'val_labels']);
  });
});

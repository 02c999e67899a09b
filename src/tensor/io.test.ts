import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureError, UsageError } from '../core/index.js';
import { temporaryFile } from '../core/testing/folder.js';
import {
  type DType,
  dtypeBytes,
  fromBytes,
  liveTensors,
  loadSafetensors,
  saveSafetensors,
  scope,
} from './index.js';
import { numbers } from './testing/compare.js';
import { ones, RandomGenerator, tensor } from './testing/on-device.js';

const dtypes: DType[] = [
  'uint8',
  'int8',
  'int16',
  'int32',
  'int64',
  'float16',
  'bfloat16',
  'float32',
  'float64',
  'bool',
];

/** A safetensors file put together by hand after the format's description. */
function encode(header: unknown, data: Uint8Array = new Uint8Array()): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

describe('safetensors', () => {
  it('brings back every element type, bit by bit', () => {
    const path = temporaryFile('all.safetensors');
    const stored = new Map(
      dtypes.map((dtype) => [`a ${dtype}`, tensor([0, 1, 0, 1, 1, 0], [2, 3]).to(dtype)]),
    );
    saveSafetensors(path, stored, { origin: 'a test', umlaut: 'ü' });
    const { tensors, metadata } = loadSafetensors(path);
    expect(metadata).toEqual({ origin: 'a test', umlaut: 'ü' });
    expect([...tensors.keys()]).toEqual([...stored.keys()]);
    for (const [name, original] of stored) {
      const read = tensors.get(name)!;
      expect([read.dtype, read.shape]).toEqual([original.dtype, [2, 3]]);
      expect(read.toBytes()).toEqual(original.toBytes());
    }
  });

  it('brings back any number of tensors of any shape', () => {
    const path = temporaryFile('any.safetensors');
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    const file = fc.dictionary(
      fc.string().filter((name) => name !== '__metadata__' && name !== '__proto__'),
      fc.record({ shape: shapes, dtype: fc.constantFrom(...dtypes) }),
      { maxKeys: 4 },
    );
    fc.assert(
      fc.property(file, fc.nat(255), (entries, fill) => {
        scope(() => {
          const stored = new Map(
            Object.entries(entries).map(([name, { shape, dtype }]) => {
              const length = shape.reduce((a, b) => a * b, dtypeBytes(dtype));
              const bytes = Uint8Array.from({ length }, (_, index) => (index * 31 + fill) % 256);
              return [name, fromBytes(bytes, shape, dtype)];
            }),
          );
          saveSafetensors(path, stored);
          const { tensors } = loadSafetensors(path);
          expect(new Set(tensors.keys())).toEqual(new Set(stored.keys()));
          for (const [name, original] of stored) {
            const read = tensors.get(name)!;
            expect([read.dtype, read.shape]).toEqual([original.dtype, original.shape]);
            expect(read.toBytes()).toEqual(original.toBytes());
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it('is written as the format says', () => {
    const path = temporaryFile('layout.safetensors');
    saveSafetensors(
      path,
      new Map([
        ['x', tensor([1.5, -2], [2, 1])],
        ['n', tensor([3], [], 'int64')],
      ]),
      { note: 'hello' },
    );
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    expect(bytes[8]).toBe('{'.charCodeAt(0));
    expect(JSON.parse(bytes.toString('utf8', 8, 8 + length))).toEqual({
      __metadata__: { note: 'hello' },
      x: { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
      n: { dtype: 'I64', shape: [], data_offsets: [8, 16] },
    });
    const data = bytes.subarray(8 + length);
    expect([data.readFloatLE(0), data.readFloatLE(4), data.readBigInt64LE(8)]).toEqual([
      1.5,
      -2,
      3n,
    ]);
    expect(data.length).toBe(16);
  });

  it('reads files with entries in any order and without metadata', () => {
    const path = temporaryFile('order.safetensors');
    const header = {
      second: { dtype: 'U8', shape: [1], data_offsets: [2, 3] },
      first: { dtype: 'U8', shape: [2], data_offsets: [0, 2] },
      empty: { dtype: 'F32', shape: [0], data_offsets: [2, 2] },
    };
    writeFileSync(path, encode(header, Uint8Array.of(7, 8, 9)));
    const { tensors, metadata } = loadSafetensors(path);
    expect(metadata).toEqual({});
    expect(numbers(tensors.get('first')!)).toEqual([7, 8]);
    expect(numbers(tensors.get('second')!)).toEqual([9]);
    expect(tensors.get('empty')!.length).toBe(0);
  });

  it('stores views and non-contiguous tensors by their elements', () => {
    const path = temporaryFile('view.safetensors');
    saveSafetensors(path, new Map([['t', tensor([1, 2, 3, 4], [2, 2]).transpose(0, 1)]]));
    expect(numbers(loadSafetensors(path).tensors.get('t')!)).toEqual([1, 3, 2, 4]);
  });

  const u8 = (...offsets: unknown[]) => ({ dtype: 'U8', shape: [2], data_offsets: offsets });
  const data = Uint8Array.of(1, 2, 3, 4);
  it.each<[string, Buffer, RegExp]>([
    ['an empty file', Buffer.alloc(0), /has 0 bytes, at least 8/],
    ['a cut header', encode({ a: u8(0, 2) }).subarray(0, 20), /header claims \d+ bytes, only 12/],
    ['a header length that lies', Buffer.alloc(16, 255), /header claims/],
    ['a header that is not JSON', encode('{"a":'), /not JSON/],
    ['a header that is not an object', encode('[1]'), /not a JSON object/],
    ['an entry that is not an object', encode({ a: null }), /'a' has unknown dtype/],
    ['an unknown type', encode({ a: { ...u8(0, 2), dtype: 'F8' } }), /unknown dtype 'F8'/],
    [
      'a type that is no text and cannot become one',
      encode({ a: { ...u8(0, 2), dtype: { toString: 1 } } }),
      /unknown dtype 'object'/,
    ],
    [
      'an empty tensor whose strides cannot be counted',
      encode({ a: { ...u8(0, 0), shape: [0, 2 ** 40, 2 ** 40] } }),
      /invalid shape/,
    ],
    [
      'more dimensions than anything needs',
      encode({ a: { ...u8(0, 2), shape: new Array(65).fill(1) } }, data),
      /invalid shape/,
    ],
    ['a negative size', encode({ a: { ...u8(0, 2), shape: [-2] } }, data), /invalid shape/],
    ['a fractional size', encode({ a: { ...u8(0, 2), shape: [0.5] } }, data), /invalid shape/],
    ['no offsets', encode({ a: { dtype: 'U8', shape: [2] } }), /invalid data_offsets/],
    ['three offsets', encode({ a: u8(0, 1, 2) }, data), /invalid data_offsets/],
    ['offsets of another size', encode({ a: u8(0, 4) }, data), /needs 2 bytes.*give 4/],
    ['offsets backwards', encode({ a: u8(2, 0) }, data), /needs 2 bytes.*give -2/],
    [
      'offsets beyond the end',
      encode({ a: u8(0, 2), b: u8(2, 4) }, data.slice(0, 3)),
      /need 4 bytes of data, 3 are present/,
    ],
    [
      'overlapping tensors',
      encode({ a: u8(0, 2), b: u8(1, 3) }, data.slice(0, 3)),
      /'b' starts at byte 1 of the data, expected 2/,
    ],
    [
      'a gap',
      encode({ a: u8(0, 2), b: u8(3, 5) }, new Uint8Array(5)),
      /'b' starts at byte 3 of the data, expected 2/,
    ],
    ['data left over', encode({ a: u8(0, 2) }, data), /need 2 bytes of data, 4 are present/],
    [
      'metadata that is no text',
      encode({ __metadata__: { a: 1 } }),
      /__metadata__ is not an object of strings/,
    ],
  ])('refuses %s, naming the file and leaving nothing behind', (_, content, message) => {
    const path = temporaryFile('bad.safetensors');
    writeFileSync(path, content);
    const before = liveTensors();
    expect(() => loadSafetensors(path)).toThrow(UsageError);
    expect(() => loadSafetensors(path)).toThrow(message);
    expect(() => loadSafetensors(path)).toThrow(`${path} is not a valid safetensors file`);
    expect(liveTensors()).toBe(before);
  });

  it('refuses every file cut short', () => {
    const path = temporaryFile('cut.safetensors');
    saveSafetensors(path, new Map([['x', new RandomGenerator(1).normal([5])]]));
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      expect(() => loadSafetensors(path)).toThrow(UsageError);
    }
  });

  it('says which file could not be read', () => {
    expect(() => loadSafetensors('/no/such.safetensors')).toThrow(UsageError);
    expect(() => loadSafetensors('/no/such.safetensors')).toThrow(
      /\/no\/such.safetensors could not be read/,
    );
  });

  it('makes the folder, replaces the old file, and leaves no temporary file', () => {
    const path = temporaryFile('deeper/file.safetensors');
    saveSafetensors(path, new Map([['x', ones([1])]]));
    saveSafetensors(path, new Map([['x', ones([2])]]));
    expect(loadSafetensors(path).tensors.get('x')!.shape).toEqual([2]);
    expect(readdirSync(dirname(path))).toEqual(['file.safetensors']);
  });

  it('says which file could not be written', () => {
    const path = temporaryFile('file');
    writeFileSync(path, '');
    expect(() => saveSafetensors(`${path}/inside`, new Map())).toThrow(FailureError);
    expect(() => saveSafetensors(`${path}/inside`, new Map())).toThrow(
      /inside could not be written/,
    );
    expect(existsSync(`${path}/inside`)).toBe(false);
  });
});

import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { CompressionCodec } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { withFreeMemory } from '../testing/memory.js';
import { type ColumnPages, checkPages, compressors } from './parquet-pages.js';
import { parseThrift } from './thrift.js';

/** A number in groups of seven bits. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** Fields 1, 2, 3… of a structure; what is left out is not there. */
function struct(fields: readonly (number | readonly number[] | undefined)[]): number[] {
  const bytes: number[] = [];
  let last = 0;
  for (const [index, value] of fields.entries()) {
    if (value === undefined) continue;
    const head = (index + 1 - last) * 16;
    last = index + 1;
    if (typeof value === 'number') bytes.push(head + 5, ...varint(value * 2));
    else bytes.push(head + 12, ...value);
  }
  return [...bytes, 0];
}

interface PageClaims {
  readonly content: readonly number[];
  readonly values?: number;
  readonly encoding?: number;
  readonly unpacked?: number;
  readonly packed?: number;
}

/** A data page of the first version. */
function page({ content, values = 4, encoding = 0, ...sizes }: PageClaims): number[] {
  const { unpacked = content.length, packed = content.length } = sizes;
  const header = struct([values, encoding, 3, 3]);
  return [...struct([0, unpacked, packed, undefined, header]), ...content];
}

/** A data page of the second version, without levels. */
function secondPage({ content, values = 4, encoding = 0 }: PageClaims): number[] {
  const header = struct([values, 0, values, encoding, 0, 0]);
  const fields = [3, content.length, content.length, undefined, undefined, undefined, undefined];
  return [...struct([...fields, header]), ...content];
}

const column = { codec: 'UNCOMPRESSED', type: 'INT32', rows: 4, optionalLevels: 0 } as const;
const check = (bytes: readonly number[], changes: Partial<ColumnPages> = {}) =>
  checkPages(Buffer.from(bytes), { ...column, ...changes });

describe('the pages of a column', () => {
  it('may hold values as they are, in a dictionary, and as differences', () => {
    const dictionary = [...struct([2, 4, 4, ...new Array(3), struct([2, 0])]), 7, 0, 0, 0];
    for (const make of [page, secondPage]) {
      check(make({ content: [1, 2, 3, 4] }));
      check([...dictionary, ...make({ content: [1, 3, 0b1010, 0], encoding: 8 })]);
      check(make({ content: [1, ...varint(2 * 4), 1], encoding: 8 }));
      check(make({ content: [...varint(128), 4, 4, 0, 0, 0, 0, 0, 0], encoding: 5 }));
    }
  });

  it('may be compressed, and have levels', () => {
    const levels = [2, 0, 0, 0, ...varint(2 * 4), 1];
    check(page({ content: [...levels, 9] }), { optionalLevels: 1 });
    // Snappy: the length, then a literal.
    const snappy = [4, 3 * 4, 1, 2, 3, 4];
    check(page({ content: snappy, unpacked: 4 }), { codec: 'SNAPPY' });
    expect(() => check(page({ content: snappy, unpacked: 5 }), { codec: 'SNAPPY' })).toThrow(
      'a page compressed by snappy has 4 bytes, its header says 5',
    );
    const packed = { GZIP: gzipSync(Buffer.alloc(4)), BROTLI: brotliCompressSync(Buffer.alloc(4)) };
    for (const [codec, content] of Object.entries(packed)) {
      const changes = { codec: codec as CompressionCodec };
      check(page({ content: [...content], unpacked: 4 }), changes);
      expect(() => check(page({ content: [...content], unpacked: 3 }), changes)).toThrow();
    }
  });

  it('may hold truth values only as they are', () => {
    check(page({ content: [1] }), { type: 'BOOLEAN' });
    expect(() => check(page({ content: [1, 8, 1], encoding: 8 }), { type: 'BOOLEAN' })).toThrow(
      'its truth values are in the encoding 8',
    );
  });

  it.each([
    ['more values than rows', page({ content: [1], values: 5 }), '5 values in its pages, for 4'],
    ['bytes that are not there', page({ content: [1], packed: 9 }), 'claims 9 bytes, 1 follow'],
    ['no sizes', [...struct([0]), 0, 0], 'no proper number in field 2'],
    ['no kind', [...struct([1, 1, 1]), 0], 'of no known kind'],
    [
      'a run of a billion',
      page({ content: [1, ...varint(2 ** 30), 1], encoding: 8 }),
      'a run claims 536870912 values, its page has 4',
    ],
    [
      'packed runs of a billion',
      secondPage({ content: [0, ...varint(2 ** 28 + 1)], encoding: 8 }),
      'a run claims 1073741824 values',
    ],
    ['wide numbers', page({ content: [33, 8, 1], encoding: 8 }), 'numbers of 33 bits'],
    [
      'blocks of nothing',
      page({ content: [0, 0, 4, 0], encoding: 5 }),
      'blocks of 0 values in 0 parts',
    ],
    [
      'blocks that go back',
      page({ content: [...varint(128), 0xff, 0xff, 0xff, 0xff, 0x0f, 4], encoding: 5 }),
      'blocks of 128 values in 4294967295 parts',
    ],
    ['prefixes', page({ content: [1], encoding: 7 }), 'the encoding 7, which is not read'],
    [
      'a large dictionary',
      [...struct([2, 1, 1, ...new Array(3), struct([2 ** 20, 0])]), 7, 7],
      'a dictionary claims 1048576 values in 1 bytes',
    ],
  ])('may not claim %s', (_, bytes, message) => {
    expect(() => check(bytes)).toThrow(message);
  });
});

describe('what snappy has compressed', () => {
  const unpack = (length: number, ...input: number[]) => [
    ...compressors.SNAPPY!(Uint8Array.from(input), length),
  ];

  it('is literals, and what came before again', () => {
    expect(unpack(0, 0)).toEqual([]);
    expect(unpack(3, 3, 63 * 4, 2, 0, 0, 0, 7, 8, 9)).toEqual([7, 8, 9]);
    expect(unpack(6, 6, 1 * 4, 7, 8, 1, 2)).toEqual([7, 8, 7, 8, 7, 8]);
  });

  it('may be larger than what memory is kept for', () => {
    const copies = Array.from({ length: 2 ** 18 }, () => [2 + 63 * 4, 1, 0]).flat();
    const length = 1 + 2 ** 24;
    const sevens = compressors.SNAPPY!(
      Uint8Array.from([...varint(length), 0, 7, ...copies]),
      length,
    );
    expect([sevens.length, sevens.every((value) => value === 7)]).toEqual([length, true]);
  });

  it.each([
    // As a number with a sign this is -1, and a reader that goes on from there never ends.
    ['a literal of 4 GiB', 3, [3, 63 * 4, 0xfe, 0xff, 0xff, 0xff, 7, 8, 9]],
    ['half a literal', 3, [3, 2 * 4, 7]],
    ['half a number', 3, [3, 63 * 4, 1]],
    ['too little', 3, [3, 0, 7]],
    ['too much', 3, [3, 0, 7, 5, 1]],
    ['a reference to nothing', 5, [5, 0, 7, 1, 0]],
    ['a reference before the beginning', 5, [5, 0, 7, 1, 2]],
  ])('is refused where it is %s', (_, length, input) => {
    expect(() => unpack(length, ...input)).toThrow();
  });
});

describe('the pages of a column, unpacked', () => {
  const zeros = (bytes: number) =>
    page({ content: [...gzipSync(Buffer.alloc(bytes))], values: 2, unpacked: bytes });

  it('may come to hundreds of times their packed size', () => {
    check(zeros(20 * 2 ** 20), { codec: 'GZIP' });
  });

  it('may not come to more than memory has room for, together too', () => {
    withFreeMemory(90 * 2 ** 20);
    const two = [...zeros(20 * 2 ** 20), ...zeros(20 * 2 ** 20)];
    expect(() => check(two, { codec: 'GZIP' })).toThrow(
      'the pages of a column claim 41943040 bytes; at most 31457280 are unpacked',
    );
    expect(() => check(page({ content: [1], unpacked: 2 ** 29 }))).toThrow('claim 536870912 bytes');
  });
});

describe('parseThrift', () => {
  it('reads numbers, texts, lists and structures', () => {
    const bytes = [0x15, 3, 0x18, 2, 0x68, 0x69, 0x19, 0x25, 2, 4, 0x11, 0];
    const { fields, end } = parseThrift(Buffer.from(bytes));
    expect(end).toBe(bytes.length);
    expect([...fields]).toEqual([
      [1, -2],
      [2, Buffer.from('hi')],
      [3, [1, 2]],
      [4, true],
    ]);
  });

  it.each([
    ['lists within lists', Array.from({ length: 60 }, () => 0x19), /nested too deeply/],
    ['structures within structures', new Array(60).fill(0x1c), /nested too deeply/],
    ['a long list', [0x19, 0xf5, ...varint(2 ** 30)], /a list claims 1073741824 elements, 0 bytes/],
    ['a number without an end', [0x15, ...new Array(12).fill(0xff)], /has no end/],
    ['an unknown type', [0x1d], /the unknown type 13/],
    ['half a text', [0x18, 9, 1], /cut short within a structure/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseThrift(Buffer.from(bytes))).toThrow(message);
  });
});

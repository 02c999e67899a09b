import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { withFreeMemory } from '../testing/memory.js';
import { parseMat } from './mat5.js';

/** An element: a tag of type and length, then the content. */
function element(type: number, content: Buffer): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(content.length, 4);
  const padding = type === 15 ? 0 : (8 - (content.length % 8)) % 8;
  return Buffer.concat([tag, content, Buffer.alloc(padding)]);
}

/** A compressed array of zeros: flags, dimensions, name and values. */
function zeros(name: string, dimensions: readonly number[]): Buffer {
  const count = dimensions.reduce((product, size) => product * size, 1);
  const parts = [
    element(6, Buffer.of(9, 0, 0, 0, 0, 0, 0, 0)),
    element(5, Buffer.from(Int32Array.from(dimensions).buffer)),
    element(1, Buffer.from(name)),
    element(2, Buffer.alloc(count)),
  ];
  return element(15, deflateSync(element(14, Buffer.concat(parts))));
}

function file(...elements: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(128, ' ');
  header.write('\x00\x01IM', 124, 'latin1');
  return Buffer.concat([header, ...elements]);
}

describe('parseMat', () => {
  it('reads compressed arrays', () => {
    const arrays = parseMat(file(zeros('a', [2, 3]), zeros('b', [1, 1, 4])));
    expect([...arrays.keys()]).toEqual(['a', 'b']);
    expect(arrays.get('a')).toMatchObject({ shape: [2, 3], values: new Uint8Array(6) });
  });

  const [ten, twenty] = [10, 20].map((size) => [size, 2 ** 20]);

  it('reads regular arrays that come to hundreds of times their packed size', () => {
    expect(parseMat(file(zeros('a', twenty!))).get('a')!.values).toHaveLength(20 * 2 ** 20);
  });

  it('refuses arrays that memory has no room for, also many small ones', () => {
    withFreeMemory(0);
    expect(() => parseMat(file(zeros('a', twenty!)))).toThrow(
      /its arrays take 20971\d+ bytes; at most 16777216 are unpacked/,
    );
    const two = file(zeros('a', ten!), zeros('b', ten!));
    expect(() => parseMat(two)).toThrow(/its arrays take 20971\d+ bytes; at most/);
  });

  it('refuses a compressed element that comes to more than it states', () => {
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(14, 0);
    tag.writeUInt32LE(100, 4);
    const bomb = element(15, deflateSync(Buffer.concat([tag, Buffer.alloc(64 * 2 ** 20)])));
    expect(() => parseMat(file(bomb))).toThrow(
      'damaged (it comes to more than the 112 bytes that it states)',
    );
    expect(() => parseMat(file(element(15, deflateSync(Buffer.of(1, 2)))))).toThrow(
      'it has no tag',
    );
  });

  it('refuses more dimensions than images have', () => {
    const many = file(zeros('a', new Array(40).fill(1)));
    expect(() => parseMat(many)).toThrow('an array has no proper dimensions');
  });
});

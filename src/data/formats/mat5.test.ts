import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
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

  it('refuses a small file of large arrays, also of many', () => {
    const [ten, twenty] = [10, 20].map((size) => [size, 2 ** 20]);
    expect(() => parseMat(file(zeros('a', twenty!)))).toThrow(
      /damaged \(more than 16777216 bytes\)/,
    );
    const two = file(zeros('a', ten!), zeros('b', ten!));
    expect(() => parseMat(two)).toThrow(/damaged \(more than 62\d{5} bytes\)/);
  });

  it('refuses more dimensions than images have', () => {
    const many = file(zeros('a', new Array(40).fill(1)));
    expect(() => parseMat(many)).toThrow('an array has no proper dimensions');
  });
});

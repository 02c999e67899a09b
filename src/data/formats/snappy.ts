import { readVarint } from './thrift.js';

// Snappy's format without frames: format_description.txt of google/snappy.

/**
 * Decompresses a page of Snappy.
 *
 * @param length bytes that it must come to
 * @throws Error saying what is wrong.
 */
export function decompressSnappy(input: Uint8Array, length: number): Uint8Array {
  const { value: announced, end: start } = readVarint(input, 0, 5);
  if (announced !== length) {
    throw new Error(
      `a page compressed by snappy has ${announced} bytes, its header says ${length}`,
    );
  }
  const output = new Uint8Array(length);
  let end = 0;
  for (let position = start; position < input.length; ) {
    const element = readElement(input, position);
    const { kind, count } = element;
    if (end + count > length) throw new Error('a page compressed by snappy is too long');
    if (kind === 'literal') {
      const content = input.subarray(element.next, element.next + count);
      if (content.length !== count) throw new Error('a page compressed by snappy is cut short');
      output.set(content, end);
      position = element.next + count;
    } else {
      repeat(output, end, element);
      position = element.next;
    }
    end += count;
  }
  if (end !== length) throw new Error('a page compressed by snappy is cut short');
  return output;
}

/** Bytes that follow, or bytes again that came `distance` before. */
interface Element {
  readonly kind: 'literal' | 'copy';
  readonly count: number;
  readonly distance: number;
  readonly next: number;
}

function readElement(input: Uint8Array, position: number): Element {
  const tag = input[position]!;
  const high = tag >> 2;
  switch (tag & 3) {
    case 0: {
      const wide = Math.max(0, high - 59);
      const count = 1 + (wide === 0 ? high : numberAt(input, position + 1, wide));
      return { kind: 'literal', count, distance: 0, next: position + 1 + wide };
    }
    case 1: {
      const distance = (tag >> 5) * 256 + numberAt(input, position + 1, 1);
      return { kind: 'copy', count: 4 + (high & 7), distance, next: position + 2 };
    }
  }
  const bytes = (tag & 3) === 2 ? 2 : 4;
  const distance = numberAt(input, position + 1, bytes);
  return { kind: 'copy', count: 1 + high, distance, next: position + 1 + bytes };
}

/** Little-endian; never negative, whatever the highest bit. */
function numberAt(input: Uint8Array, position: number, bytes: number): number {
  if (position + bytes > input.length) throw new Error('a page compressed by snappy is cut short');
  let value = 0;
  for (let index = 0; index < bytes; index++) value += input[position + index]! * 256 ** index;
  return value;
}

/** What is repeated may itself be part of the repetition. */
function repeat(output: Uint8Array, end: number, { count, distance }: Element): void {
  if (distance === 0 || distance > end) {
    throw new Error(`a page compressed by snappy refers ${distance} bytes back, at byte ${end}`);
  }
  if (distance >= count) output.copyWithin(end, end - distance, end - distance + count);
  else
    for (let index = end; index < end + count; index++) output[index] = output[index - distance]!;
}

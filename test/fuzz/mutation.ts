import type { Random } from './random.js';

/** Numbers at which counts, lengths and offsets go wrong. */
const EDGES = [
  ...[0, 1, 2, 3, 4, 7, 8, 16, 32, 64, 127, 128, 255, 256, 4096, 0x7fff, 0x8000, 0xffff],
  ...[0x10000, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff],
];
const DIGITS = ['0', '-1', '9', '99999', '4294967295', '9007199254740991', '1e400', '00', ','];

type Change = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

/**
 * A damaged copy: one to four changes, such as a file meets by accident (cut short, bits flipped, bytes lost) or by
 * intent (edge values in the place of numbers, parts doubled or taken from another file).
 *
 * @param others inputs from which parts may be taken
 */
export function mutate(bytes: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let result = bytes;
  for (let left = 1 + random.below(4); left > 0; left--) {
    if (result.length > 0) result = random.pick(CHANGES)(result, random, others);
  }
  return result;
}

const CHANGES: readonly Change[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  setNumber,
  setNumber,
  setNumber,
  setDigits,
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  (bytes, random) => without(bytes, place(bytes, random), 1 + random.below(16)),
  (bytes, random) => insert(bytes, place(bytes, random), noise(1 + random.below(16), random)),
  double,
  graft,
];

/** Headers and directories lie at the ends, and matter most. */
function place(bytes: Buffer, random: Random): number {
  const edge = random.below(Math.min(256, bytes.length));
  const where = random.below(3);
  if (where === 0) return edge;
  return where === 1 ? bytes.length - 1 - edge : random.below(bytes.length);
}

function flipBit(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  copy[place(bytes, random)]! ^= 1 << random.below(8);
  return copy;
}

function setByte(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  copy[place(bytes, random)] = random.below(256);
  return copy;
}

/** A number of 1 to 8 bytes, in either order, becomes an edge value, or one more or less. */
function setNumber(bytes: Buffer, random: Random): Buffer {
  const size = random.pick([1, 2, 4, 4, 8]);
  const at = Math.min(place(bytes, random), bytes.length - size);
  if (at < 0) return bytes;
  const copy = Buffer.from(bytes);
  const width = Math.min(size, 6);
  const little = random.below(2) === 0;
  const old = little ? copy.readUIntLE(at, width) : copy.readUIntBE(at, width);
  const value = random.below(3) === 0 ? old + random.pick([-1, 1]) : random.pick(EDGES);
  const fitting = ((value % 256 ** width) + 256 ** width) % 256 ** width;
  if (little) copy.writeUIntLE(fitting, at, width);
  else copy.writeUIntBE(fitting, at, width);
  return copy;
}

/** A number in a text becomes another. */
function setDigits(bytes: Buffer, random: Random): Buffer {
  const start = place(bytes, random);
  const found = /\d+/.exec(bytes.toString('latin1', start, start + 256));
  if (found === null) return setByte(bytes, random);
  const at = start + found.index;
  const without = [bytes.subarray(0, at), bytes.subarray(at + found[0].length)] as const;
  return Buffer.concat([without[0], Buffer.from(random.pick(DIGITS)), without[1]]);
}

/** A part appears again elsewhere. */
function double(bytes: Buffer, random: Random): Buffer {
  const from = place(bytes, random);
  const part = bytes.subarray(from, from + 1 + random.below(64));
  return insert(bytes, place(bytes, random), part);
}

/** A part of another input takes the place of one. */
function graft(bytes: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  if (others.length === 0) return double(bytes, random);
  const other = random.pick(others);
  const length = 1 + random.below(Math.min(128, other.length + 1));
  const from = random.below(other.length + 1);
  const at = place(bytes, random);
  return insert(without(bytes, at, length), at, other.subarray(from, from + length));
}

function noise(length: number, random: Random): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

function insert(bytes: Buffer, at: number, part: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
}

function without(bytes: Buffer, at: number, length: number): Buffer {
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
}

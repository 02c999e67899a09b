// @ts-check
// Decodes a generated set into a cache and reads it all: node read-large.mjs <folder> <images> <channels> <side>
import { readFileSync } from 'node:fs';
import { openCached } from '../../dist/entries/data.js';

const [folder = '', ...sizes] = process.argv.slice(2);
const [images = 0, channels = 0, side = 0] = sizes.map(Number);
const values = channels * side * side;

/** @param {number} index */
function pixelsOf(index) {
  return new Uint8Array(values).fill(index % 251);
}

const started = performance.now();
const dataset = await openCached(
  {
    name: 'large',
    split: 'train',
    shape: { channels, height: side, width: side },
    classNames: ['even', 'odd'],
    labels: Int32Array.from({ length: images }, (_, index) => index % 2),
    decoding: 'generated',
    identify: async () => {
      const identities = new Int32Array(8 * images);
      for (let index = 0; index < images; index++) identities[8 * index] = index;
      return new Uint8Array(identities.buffer);
    },
    describe: (index) => `picture ${index}`,
    decode: async (index) => pixelsOf(index),
  },
  { folder },
);
const built = performance.now();
let right = 0;
for (let start = 0; start < images; start += 256) {
  const indices = Array.from({ length: Math.min(256, images - start) }, (_, row) => start + row);
  const pixels = dataset.read(indices);
  for (const [row, index] of indices.entries()) {
    if (pixels[row * values] === index % 251 && pixels[(row + 1) * values - 1] === index % 251)
      right += 1;
  }
}
const read = performance.now();
const anonymous = /RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
process.stdout.write(
  `${JSON.stringify({
    right,
    bytes: images * values,
    anonymousBytes: Number(anonymous) * 1024,
    buildSeconds: (built - started) / 1000,
    readSeconds: (read - built) / 1000,
  })}\n`,
);

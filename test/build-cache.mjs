// @ts-check
// Decodes a generated set into a cache, in a process of its own, and prints its hash:
//   node build-cache.mjs <folder> <images> <milliseconds for each> [--touch]
// --touch prints a line as soon as the first picture is decoded.
import { openCached } from '../dist/entries/data.js';

const [folder = '', images = '', delay = '', touch] = process.argv.slice(2);
const shape = { channels: 3, height: 64, width: 64 };
const values = 3 * 64 * 64;

try {
  const dataset = await openCached(
    {
      name: 'generated',
      split: 'train',
      shape,
      classNames: ['even', 'odd'],
      labels: Int32Array.from({ length: Number(images) }, (_, index) => index % 2),
      decoding: 'generated',
      identify: async () => {
        const identities = new Int32Array(8 * Number(images));
        for (let index = 0; index < Number(images); index++) identities[8 * index] = index;
        return new Uint8Array(identities.buffer);
      },
      describe: (index) => `picture ${index}`,
      async decode(index) {
        if (touch !== undefined && index === 0) process.stdout.write('decoding\n');
        await new Promise((resolve) => setTimeout(resolve, Number(delay)));
        return new Uint8Array(values).fill(index);
      },
    },
    { folder, onNote: (note) => process.stderr.write(`${note}\n`) },
  );
  process.stdout.write(`${dataset.hash}\n`);
} catch (error) {
  const { name, message } = /** @type {Error} */ (error);
  process.stderr.write(`${name}: ${message}\n`);
  process.exitCode = 1;
}

import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fuzz } from './fuzz.js';
import { mutate } from './mutation.js';
import { Random } from './random.js';
import { readers } from './readers.js';

const corpus = fileURLToPath(new URL('corpus/', import.meta.url));

/** Mutations of each reader's files; `npm run fuzz` tries many more. */
const ITERATIONS = 150;

describe('whatever a file holds, it is read whole or rejected by name', () => {
  it.each(readers)('$name', async (reader) => {
    const counts = { read: 0, rejected: 0 };
    for await (const { verdict, input } of fuzz(reader, {
      seed: 7,
      iterations: ITERATIONS,
      corpus,
      guided: false,
    })) {
      if (verdict.kind === 'finding') {
        expect.fail(`${verdict.problem}\nthe input, in base 64: ${input.toString('base64')}`);
      }
      counts[verdict.kind] += 1;
    }
    // The seeds are whole, and most of what is done to them matters.
    expect(counts.read).toBeGreaterThan(0);
    expect(counts.rejected).toBeGreaterThan(ITERATIONS / 10);
  });
});

describe('mutations', () => {
  it('are the same for the same seed, and differ from the input', () => {
    const input = Buffer.from('a text of some length, 123, and more of it');
    const draw = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 50 }, () => mutate(input, random, [input]).toString('latin1'));
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(1).filter((text) => text !== input.toString('latin1')).length).toBeGreaterThan(45);
  });
});

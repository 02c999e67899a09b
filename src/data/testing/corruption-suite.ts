import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { type Dataset, indicesByClass, pixelsPerImage } from '../dataset/dataset.js';
import { temporaryDirectory } from './files.js';

/** A dataset's files, one of which is damaged. */
export interface Corruptible {
  /** Puts a complete dataset into a folder, and says which file there to damage. */
  readonly place: (folder: string) => Promise<string>;
  readonly load: (folder: string) => Promise<Dataset>;
  /** Damaged in ways of the format's own: `[what, bytes]`. */
  readonly extra?: (bytes: Buffer) => Iterable<readonly [what: string, bytes: Buffer]>;
  /** How many mutations; default 220. */
  readonly count?: number;
}

/** One loading must not take more of the processor's time, in seconds, however busy the machine is: a hang. */
const longest = 10;

/**
 * Damages a file in at least 200 ways (cut short, bits flipped, runs of bytes replaced by 0, 255 or noise, bytes added or
 * left out) and demands that reading it either names the file in a UsageError or gives a whole dataset: never another
 * error, a part of the data, or a hang.
 */
export function describeCorruption(title: string, subject: Corruptible): void {
  describe(`${title}, damaged`, () => {
    it('is refused by name or read whole, whatever the damage', { timeout: 300_000 }, async () => {
      const folder = await temporaryDirectory();
      const path = await subject.place(folder);
      const whole = await subject.load(folder);
      const bytes = await readFile(path);
      let refused = 0;
      let tried = 0;
      for (const [what, damaged] of mutations(bytes, subject)) {
        writeFileSync(path, damaged);
        const started = process.cpuUsage();
        const outcome = await subject.load(folder).catch((error: unknown) => error);
        const { user, system } = process.cpuUsage(started);
        expect((user + system) / 1e6, what).toBeLessThan(longest);
        tried += 1;
        if (outcome instanceof Error) {
          expect(outcome, `${what}: ${outcome.stack}`).toBeInstanceOf(UsageError);
          expect(outcome.message, what).toContain(folder);
          refused += 1;
        } else checkWhole(outcome as Dataset, whole, what);
      }
      expect(tried).toBeGreaterThanOrEqual(200);
      expect(refused).toBeGreaterThan(tried / 4);
    });
  });
}

function checkWhole(dataset: Dataset, whole: Dataset, what: string): void {
  expect([dataset.shape, dataset.labels.length], what).toEqual([whole.shape, whole.labels.length]);
  const groups = indicesByClass(dataset.labels, dataset.classNames.length);
  expect(
    groups.every((members) => members.length > 0),
    what,
  ).toBe(true);
  expect(dataset.read([0]), what).toHaveLength(pixelsPerImage(dataset.shape));
}

/** The damages, as bytes of the whole file; drawn the same in every run. */
export function* mutations(
  bytes: Buffer,
  { extra, count = 220 }: Pick<Corruptible, 'extra' | 'count'> = {},
): Generator<readonly [string, Buffer]> {
  let state = 12345;
  const below = (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  if (extra !== undefined) yield* extra(bytes);
  // Headers and directories lie at the ends, and matter most.
  const offset = (): number => {
    const edge = Math.min(256, bytes.length);
    const where = below(3);
    if (where === 0) return below(edge);
    return where === 1 ? bytes.length - 1 - below(edge) : below(bytes.length);
  };
  for (let index = 0; index < count; index++) {
    const copy = Buffer.from(bytes);
    const at = offset();
    const kind = index % 6;
    if (kind === 0) yield [`cut to ${at} bytes`, copy.subarray(0, at)];
    else if (kind === 1) {
      copy[at]! ^= 1 << below(8);
      yield [`a bit of byte ${at} flipped`, copy];
    } else if (kind === 2) {
      copy.fill(below(2) * 255, at, Math.min(bytes.length, at + 1 + below(16)));
      yield [`bytes from ${at} on blanked`, copy];
    } else if (kind === 3) {
      for (let place = at; place < Math.min(bytes.length, at + 8); place++)
        copy[place] = below(256);
      yield [`bytes from ${at} on replaced`, copy];
    } else if (kind === 4) {
      yield [`byte ${at} left out`, Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1)])];
    } else {
      yield [
        `bytes added at ${at}`,
        Buffer.concat([copy.subarray(0, at), Buffer.alloc(3, 7), copy.subarray(at)]),
      ];
    }
  }
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../core/testing/folder.js';
import { crc32c, recordOf } from './record.js';
import { TensorboardTracker } from './tracker.js';

/** The records of a file, each after its length and checksums have been found right. */
function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const content = file.subarray(at + 12, at + 12 + length);
    expect(file.subarray(at, at + 16 + length)).toEqual(recordOf(content));
    records.push(content);
    at += 16 + length;
  }
  return records;
}

function trackedIn(folder: string): string[] {
  const path = join(folder, 'tensorboard');
  return readdirSync(path).flatMap((name) =>
    recordsOf(readFileSync(join(path, name))).map((record) => record.toString('latin1')),
  );
}

const iteration = {
  type: 'distill-iteration',
  iteration: 300,
  iterations: 500,
  loss: 0.5,
  terms: { fineTuningLoss: 2 },
  seconds: 1,
} as const;

describe('what is written for TensorBoard', () => {
  it('has checksums as the format defines them', () => {
    // The check value of CRC-32C, and the masked one of an empty record's length.
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(recordOf(Buffer.alloc(0)).toString('hex')).toBe('000000000000000029039807d8ea82a2');
  });

  it('is a file of the format, with the figures of an iteration at its step', () => {
    const folder = temporaryFolder();
    {
      using tracker = new TensorboardTracker(folder, 'mine');
      tracker.sink(iteration);
    }
    const [version, event, ...others] = trackedIn(folder);
    expect(version).toContain('brain.Event:2');
    for (const tag of ['distill/loss', 'distill/fineTuningLoss']) expect(event).toContain(tag);
    // The step, 300, as a variable integer of field 2; 0.5 as a float of field 2.
    expect(event).toContain('\u0010\u00ac\u0002');
    expect(event).toContain('\u0015\u0000\u0000\u0000?');
    expect(others).toEqual([]);
  });

  it('leaves out what is no number, and the further distillations of a run', () => {
    const folder = temporaryFolder();
    {
      using tracker = new TensorboardTracker(folder, 'mine');
      tracker.sink({ ...iteration, loss: Number.NaN });
      tracker.sink({ type: 'repeat-start', repeat: 2, repeats: 2, seed: 1 });
      tracker.sink(iteration);
    }
    const [, event, ...others] = trackedIn(folder);
    expect(event).not.toContain('distill/loss');
    expect(others).toEqual([]);
  });
});

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { liveTensors, loadSafetensors, saveSafetensors } from '../tensor/index.js';
import { numbers } from '../tensor/testing/compare.js';
import { tensor } from '../tensor/testing/on-device.js';
import { Checkpoints } from './checkpoints.js';

const identity = { version: '1', settings: { seed: 7 } };

/** Checkpoints of the steps given, each with its number as tensor and value. */
function written(...steps: readonly number[]) {
  const folder = join(temporaryFolder(), 'checkpoints');
  const checkpoints = new Checkpoints(folder);
  const paths = steps.map((step) => {
    using value = tensor([step, 0.1]);
    const tensors = new Map([['value', value]]);
    return checkpoints.save(step, { identity, tensors, values: { step, fraction: 0.1 + 0.2 } });
  });
  return { folder, checkpoints, newest: paths.at(-1)! };
}

function latestStep(checkpoints: Checkpoints): number | undefined {
  const found = checkpoints.latest<{ step: number }>();
  for (const value of found?.tensors.values() ?? []) value.dispose();
  return found?.values.step;
}

describe('checkpoints', () => {
  it('give back the newest, exactly', () => {
    const before = liveTensors();
    const { checkpoints, newest } = written(1, 20, 3_000_000_000);
    const found = checkpoints.latest<object>()!;
    expect(found).toMatchObject({ path: newest, identity });
    expect(found.values).toEqual({ step: 3_000_000_000, fraction: 0.1 + 0.2 });
    expect(numbers(found.tensors.get('value')!)).toEqual([3_000_000_000, Math.fround(0.1)]);
    for (const value of found.tensors.values()) value.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('are none before the first', () => {
    expect(new Checkpoints(join(temporaryFolder(), 'none')).latest()).toBeUndefined();
  });

  it('keep the one before the newest, and no older ones', () => {
    const { folder } = written(1, 2, 30, 400);
    expect(readdirSync(folder).sort()).toEqual([
      'checkpoint-0000000030.safetensors',
      'checkpoint-0000000400.safetensors',
    ]);
  });

  it.each([
    ['is cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 3)],
    ['is empty', () => Buffer.alloc(0)],
    ['has a changed byte in a tensor', (bytes: Buffer) => changed(bytes, bytes.length - 2)],
    ['has a changed value', (bytes: Buffer) => changed(bytes, bytes.indexOf('fraction') + 2)],
  ])('fall back on the one before when the newest %s, and put that aside', (_, damage) => {
    const { checkpoints, newest } = written(1, 2);
    writeFileSync(newest, damage(readFileSync(newest)));
    const told: string[] = [];
    const before = liveTensors();
    const found = checkpoints.latest<{ step: number }>((path) => told.push(path))!;
    expect(found.values.step).toBe(1);
    expect(told).toEqual([`${newest}.damaged`]);
    expect([existsSync(newest), existsSync(told[0]!)]).toEqual([false, true]);
    for (const value of found.tensors.values()) value.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('leave what a write that was cut off has begun alone', () => {
    const { folder, checkpoints } = written(5);
    writeFileSync(join(folder, '.checkpoint-0000000006.safetensors.77.1.tmp'), 'half');
    expect(latestStep(checkpoints)).toBe(5);
  });

  it("refuse another version's, and do not put it aside", () => {
    const { checkpoints, newest } = written(1, 2);
    const { tensors, metadata } = loadSafetensors(newest);
    saveSafetensors(newest, tensors, { ...metadata, formatVersion: '9' });
    for (const value of tensors.values()) value.dispose();
    expect(() => checkpoints.latest()).toThrow(/format 9, this version of ncfm reads format 1/);
    expect(existsSync(newest)).toBe(true);
  });
});

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = copy[at]! ^ 1;
  return copy;
}

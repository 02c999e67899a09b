import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FinishedWork } from './finished-work.js';
import { temporaryFolder } from './testing/folder.js';

const identity = { seed: 1, steps: 10 };

describe('finished work', () => {
  it('is found again, whatever the order of the keys of what it depends on', () => {
    const folder = join(temporaryFolder(), 'work');
    new FinishedWork(folder).write('set, seed 1', identity, { accuracy: 0.1 + 0.2 });
    const found = new FinishedWork(folder).read('set, seed 1', { steps: 10, seed: 1 });
    expect(found).toEqual({ accuracy: 0.1 + 0.2 });
  });

  it('is to be done again when it depends on anything else, or was never done', () => {
    const work = new FinishedWork(temporaryFolder());
    work.write('one', identity, 1);
    expect(work.read('one', { ...identity, steps: 11 })).toBeUndefined();
    expect(work.read('two', identity)).toBeUndefined();
  });

  it('is done once', async () => {
    const work = new FinishedWork(temporaryFolder());
    let times = 0;
    const count = async (): Promise<number> => ++times;
    expect(await work.get('one', identity, count)).toBe(1);
    expect(await work.get('one', identity, count)).toBe(1);
    expect(times).toBe(1);
  });

  it.each([
    ['is cut short', (text: string) => text.slice(0, -20)],
    ['has a changed digit', (text: string) => text.replace('97.5', '98.5')],
    ['is empty', () => ''],
    ['holds something else', () => 'null'],
  ])('is to be done again when its file %s', (_, damage) => {
    const folder = temporaryFolder();
    const work = new FinishedWork(folder);
    work.write('one', identity, { accuracy: 97.5 });
    const [name] = readdirSync(folder);
    const path = join(folder, name!);
    writeFileSync(path, damage(readFileSync(path, 'utf8')));
    expect(work.read('one', identity)).toBeUndefined();
  });
});

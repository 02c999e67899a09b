import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Artifacts } from './artifacts.js';
import { temporaryFolder } from './testing/folder.js';

const identity = { seed: 1, steps: 10 };
const one = { name: 'one', identity };

describe('an artifact', () => {
  it('is found again, whatever the order of the keys of what it depends on', () => {
    const folder = join(temporaryFolder(), 'work');
    new Artifacts(folder).write({ name: 'set, seed 1', identity }, { accuracy: 0.1 + 0.2 });
    const again = { name: 'set, seed 1', identity: { steps: 10, seed: 1 } };
    expect(new Artifacts(folder).read(again)).toEqual({ accuracy: 0.1 + 0.2 });
  });

  it('is to be made again when it depends on anything else, or was never made', () => {
    const store = new Artifacts(temporaryFolder());
    store.write(one, 1);
    expect(store.read({ ...one, identity: { ...identity, steps: 11 } })).toBeUndefined();
    expect(store.read({ name: 'two', identity })).toBeUndefined();
  });

  it('is made once, by one of those that want it at the same time', async () => {
    const folder = temporaryFolder();
    let times = 0;
    const waited: number[] = [];
    const make = async (): Promise<number> => {
      await setTimeout(1);
      return ++times;
    };
    const all = await Promise.all(
      [1, 2, 3].map(() =>
        new Artifacts(folder).readOrMake(one, make, { onWait: ({ pid }) => waited.push(pid) }),
      ),
    );
    expect(all.map(({ value }) => value)).toEqual([1, 1, 1]);
    expect(all.map(({ found }) => found).sort()).toEqual([false, true, true]);
    expect(waited).toEqual([process.pid, process.pid]);
    expect(readdirSync(folder)).toEqual(['one.json']);
  });

  it('is left to the next when its making fails, and waiting for it can be stopped', async () => {
    const store = new Artifacts(temporaryFolder());
    const stop = new AbortController();
    const failing = store.readOrMake(one, async () => {
      const waiting = store.readOrMake(one, async () => 2, {
        signal: stop.signal,
        onWait: () => stop.abort(new Error('stopped')),
      });
      await expect(waiting).rejects.toThrow('stopped');
      throw new Error('failed');
    });
    await expect(failing).rejects.toThrow('failed');
    expect(await store.readOrMake(one, async () => 3)).toEqual({ value: 3, found: false });
  });

  it('with a file is made again, and this told, when that is damaged, and made when it is lost', async () => {
    const folder = temporaryFolder();
    const store = new Artifacts(folder);
    const path = join(folder, 'weights');
    const artifact = { ...one, files: ['weights'] };
    let damaged = 0;
    const get = () =>
      store.readOrMake(artifact, async () => writeFileSync(path, 'whole') ?? null, {
        onDamaged: () => ++damaged,
      });
    expect(store.has(artifact)).toBe(false);
    expect((await get()).found).toBe(false);
    expect(store.has(artifact)).toBe(true);
    expect((await get()).found).toBe(true);
    writeFileSync(path, 'whale');
    expect(store.read(artifact)).toBeUndefined();
    expect((await get()).found).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('whole');
    expect(damaged).toBe(1);
    rmSync(path);
    expect(store.has(artifact)).toBe(false);
    expect((await get()).found).toBe(false);
    expect(damaged).toBe(1);
  });

  it.each([
    ['is cut short', (text: string) => text.slice(0, -20)],
    ['has a changed digit', (text: string) => text.replace('97.5', '98.5')],
    ['is empty', () => ''],
    ['holds something else', () => 'null'],
  ])('is to be made again when its note %s', (_, damage) => {
    const folder = temporaryFolder();
    const store = new Artifacts(folder);
    store.write(one, { accuracy: 97.5 });
    const [name] = readdirSync(folder);
    const path = join(folder, name!);
    writeFileSync(path, damage(readFileSync(path, 'utf8')));
    expect(store.read(one)).toBeUndefined();
  });
});

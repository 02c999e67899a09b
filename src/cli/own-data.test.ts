import { cpSync, existsSync, readFileSync, renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { petPixels, petSide, writePet, writePets } from '../data/testing/pets.js';
import type { Manifest } from '../run/index.js';
import { ncfm } from './testing/capture.js';
import { folders } from './testing/folders.js';

/** A folder for data, and the command that distils what is in it within a second. */
function workplace() {
  const { folder, runs, flags } = folders();
  const small = [
    ...['--ipc', '1', '--set', `dataset={ size: ${petSide}, channels: 1 }`],
    ...['--set', 'model={ depth: 2, width: 8 }', '--set', 'pretrain.batchSize=8'],
  ];
  const distill = (name: string, data: string, ...more: readonly string[]) =>
    ncfm('distill', '--data', data, '--name', name, ...flags, ...small, ...more);
  const startOf = (name: string) => readFileSync(join(runs, name, 'start/images.safetensors'));
  const manifestOf = (name: string) =>
    JSON.parse(readFileSync(join(runs, name, 'manifest.json'), 'utf8')) as Manifest;
  const options = ['--cache', join(folder, 'cache')];
  return { folder, runs, options, distill, startOf, manifestOf };
}

it('two folders of one name, with files of equal names, sizes and times, are two sets', async () => {
  const { folder, distill, startOf, manifestOf } = workplace();
  const [one, other] = [join(folder, 'one/pets'), join(folder, 'other/pets')];
  writePets(one, { cats: 20, dogs: 220 });
  writePets(other, { cats: 220, dogs: 20 });
  expect(await distill('one', one)).toMatchObject({ exitCode: 0 });
  expect(await distill('other', other)).toMatchObject({ exitCode: 0 });
  expect(startOf('other').equals(startOf('one'))).toBe(false);
  const hashes = [manifestOf('one'), manifestOf('other')].map(({ dataset }) => dataset.hashes);
  expect(hashes[1]!.train).not.toBe(hashes[0]!.train);
  // The same pictures elsewhere are the same set.
  const copy = join(folder, 'copy/pets');
  cpSync(one, copy, { recursive: true });
  expect(await distill('copy', copy)).toMatchObject({ exitCode: 0 });
  expect(startOf('copy').equals(startOf('one'))).toBe(true);
});

describe('a run whose data was moved', () => {
  async function begun() {
    const place = workplace();
    const [before, after] = [join(place.folder, 'pets'), join(place.folder, 'moved/pets')];
    writePets(before, { cats: 20, dogs: 220 });
    expect(await place.distill('mine', before)).toMatchObject({ exitCode: 0 });
    const run = join(place.runs, 'mine');
    const goOn = (...more: readonly string[]) => ncfm('distill', run, ...place.options, ...more);
    return { ...place, before, after, run, goOn };
  }

  it('goes on where the data is now', async () => {
    const { before, after, run, goOn, startOf, folder } = await begun();
    const start = startOf('mine');
    cpSync(before, after, { recursive: true });
    renameSync(before, join(folder, 'gone'));
    expect(await goOn()).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/pets: the data can't be read.*--data <path>/),
    });
    expect(await goOn('--data', after)).toMatchObject({ exitCode: 0 });
    expect(startOf('mine').equals(start)).toBe(true);
    expect(readFileSync(join(run, 'config.yaml'), 'utf8')).toContain(after);
    expect(await goOn()).toMatchObject({ exitCode: 0 });
  });

  it('is refused with other data, there or where it was', async () => {
    const { before, after, goOn, manifestOf } = await begun();
    const manifest = manifestOf('mine');
    cpSync(before, after, { recursive: true });
    writePet(join(after, 'test/cat/0.tif'), petPixels(90, 1));
    expect(await goOn('--data', after)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(
        /was begun with other data than is in .*moved\/pets: the test images differ .*--accept-changes/,
      ),
    });
    writePet(join(before, 'train/cat/2.tif'), petPixels(90, 1));
    expect(await goOn()).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/other data than is in .*pets: the train images .*differ/),
    });
    expect(manifestOf('mine')).toEqual(manifest);
  });

  it('goes on with other data if that is asked for', async () => {
    const { before, goOn, manifestOf } = await begun();
    const { dataset } = manifestOf('mine');
    writePet(join(before, 'test/cat/0.tif'), petPixels(90, 1));
    expect(await goOn('--accept-changes')).toMatchObject({ exitCode: 0 });
    const now = manifestOf('mine').dataset;
    expect(now.hashes.train).toBe(dataset.hashes.train);
    expect(now.hashes.test).not.toBe(dataset.hashes.test);
  });

  it('is refused with other settings of the data, as ever', async () => {
    const { goOn } = await begun();
    expect(await goOn('--set', 'dataset.testShare=0.4')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('dataset.testShare: 0.2, now 0.4'),
    });
  });
});

describe('a set with a damaged picture', () => {
  it('is refused, or distilled without it, which manifest and events tell', async () => {
    const { folder, runs, distill, manifestOf } = workplace();
    const data = join(folder, 'pets');
    writePets(data, { cats: 20, dogs: 220 });
    expect(await distill('whole', data)).toMatchObject({ exitCode: 0 });
    const damaged = join(data, 'train/dog/3.tif');
    truncateSync(damaged, 60);
    const refused = await distill('mine', data);
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toContain(`${damaged}: the picture is truncated or damaged`);
    expect(refused.stderr).toContain('ncfm data check');
    expect(existsSync(join(runs, 'mine'))).toBe(false);

    const skipping = await distill('mine', data, '--set', 'dataset.onDamaged=skip');
    expect(skipping).toMatchObject({ exitCode: 0 });
    expect(skipping.stderr).toContain('1 of 8 pictures of pets train, damaged or missing');
    const { dataset } = manifestOf('mine');
    expect(dataset.skipped).toEqual([
      { split: 'train', place: damaged, reason: expect.stringContaining(damaged) },
    ]);
    expect(dataset.hashes.train).not.toBe(manifestOf('whole').dataset.hashes.train);
    expect(manifestOf('whole').dataset).not.toHaveProperty('skipped');
  });
});

describe('ncfm data check', () => {
  it('decodes into the cache that a run uses', async () => {
    const { folder, options, distill } = workplace();
    const data = join(folder, 'pets');
    writePets(data, { cats: 20, dogs: 220 });
    const check = await ncfm('data', 'check', data, ...options);
    expect(check).toMatchObject({ exitCode: 0 });
    expect(check.stderr).toMatch(/^decode .*8 of 8 pictures$/m);
    // A size that is chosen by the pictures, as it was for the check.
    const later = await distill('mine', data, '--set', 'dataset={ size: auto, channels: auto }');
    expect(later).toMatchObject({ exitCode: 0 });
    expect(later.stderr).not.toMatch(/picture \d+\/8/);
    expect(later.stderr).toContain('pretrain');
  });

  it('names every damaged picture, and what it decoded is kept until they are mended', async () => {
    const { folder, options } = workplace();
    const data = join(folder, 'pets');
    writePets(data, { cats: 20, dogs: 220 });
    const damaged = [join(data, 'train/dog/3.tif'), join(data, 'test/cat/0.tif')];
    for (const path of damaged) truncateSync(path, 60);
    const { exitCode, stdout } = await ncfm('data', 'check', data, '--json', ...options);
    expect(exitCode).toBe(1);
    const { parts } = JSON.parse(stdout);
    expect(parts.map((part: { damaged: unknown }) => part.damaged)).toEqual(
      damaged.map((place) => [expect.objectContaining({ place })]),
    );
    for (const path of damaged) writePet(path, petPixels(120, 3));
    const mended = await ncfm('data', 'check', data, ...options);
    expect(mended).toMatchObject({ exitCode: 0 });
    expect(mended.stdout).toContain('none damaged');
  });

  it('warns of a set that is almost black', async () => {
    const { folder, options } = workplace();
    const data = join(folder, 'pets');
    writePets(data, { cats: 0, dogs: 0 });
    const check = await ncfm('data', 'check', data, ...options);
    expect(check.stderr).toMatch(/^warning: the training images of .*pets are almost black/m);
  });
});

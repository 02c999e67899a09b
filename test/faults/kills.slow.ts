import { afterAll, beforeAll, expect, it } from 'vitest';
import { RandomGenerator } from '../../src/tensor/index.js';
import { RunFolder } from './run-process.js';

const killsWanted = 50;

const undisturbed = new RunFolder();
let seconds: number;

beforeAll(async () => {
  const started = performance.now();
  const { code, stderr } = await undisturbed.start().ended;
  expect(code, stderr).toBe(0);
  seconds = (performance.now() - started) / 1000;
});

afterAll(() => undisturbed.delete());

/** Kills a run at random moments until it comes to its end; how often it was killed. */
async function killedRun(folder: RunFolder, random: RandomGenerator): Promise<number> {
  let kills = 0;
  for (;;) {
    const { process: child, ended } = folder.start();
    // Later than a run takes, now and then, so that it comes to its end.
    const delay = 1000 * seconds * 1.2 * random.uniform();
    const timer = setTimeout(() => child.kill('SIGKILL'), delay);
    const { code, stderr } = await ended;
    clearTimeout(timer);
    if (code === 0) return kills;
    expect(code, stderr).toBeNull();
    kills += 1;
  }
}

it(`runs killed at ${killsWanted} random moments end as one that was not`, async () => {
  const random = new RandomGenerator(7);
  let [kills, runs] = [0, 0];
  while (kills < killsWanted) {
    const folder = new RunFolder();
    kills += await killedRun(folder, random);
    runs += 1;
    expect(folder.accuracy()).toEqual(undisturbed.accuracy());
    expect(folder.products()).toEqual(undisturbed.products());
    folder.delete();
  }
  console.log(`${kills} kills in ${runs} runs, all of which ended as the undisturbed one`);
});

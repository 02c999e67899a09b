import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

// As a user has it: the compiled package, and the method in a file of one's own.

const root = fileURLToPath(new URL('..', import.meta.url));
let folder: string;
beforeAll(() => {
  mkdirSync(join(root, 'build'), { recursive: true });
  folder = mkdtempSync(join(root, 'build', 'own-method-'));
  cpSync(join(root, 'examples/class-means.mjs'), join(folder, 'class-means.mjs'));
  writeFileSync(
    join(folder, 'own.yaml'),
    `imports: [class-means.mjs]
dataset: { name: digits }
threads: 1
model: { name: convnet, depth: 2, width: 8 }
distill: { method: class-means, imagesPerClass: 2, realPerClass: 100 }
checkpoint: { seconds: null, iterations: 7 }
evaluate: { length: { steps: 40 }, batchSize: 20, augmentation: none, cutMix: 0, seeds: 1, curve: { points: 0 } }
`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a program in the folder prints, as JSON. */
function printed(text: string): unknown {
  const path = join(folder, 'program.mjs');
  writeFileSync(path, text);
  const child = spawnSync(process.execPath, [path], { cwd: folder, encoding: 'utf8' });
  expect(child).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(child.stdout);
}

it("a method of one's own is configured, distils, goes on where it was, and is evaluated like ours", () => {
  const told = printed(`
    import { readFileSync } from 'node:fs';
    import { loadPlan, RunDirectory, runPipeline } from 'ncfm';
    import { liveTensors } from 'ncfm/tensor';
    const { plan } = loadPlan({ source: 'own.yaml' });
    async function run(name, stopAt) {
      const directory = RunDirectory.create({ runs: 'runs', name, existing: 'continue' });
      const controller = new AbortController();
      const events = [];
      const onEvent = (event) => {
        events.push(event);
        const there = event.type === 'distill-iteration' && event.iteration === stopAt;
        if (there) controller.abort(new Error('stopped here'));
      };
      const request = { plan, directory, cache: 'cache', onEvent, signal: controller.signal };
      const outcome = await runPipeline(request).catch((error) => error.message);
      return { directory, events, outcome };
    }
    const text = ({ directory }, ...path) => readFileSync(directory.pathOf(...path), 'base64');
    const before = liveTensors();
    const whole = await run('whole');
    const stopped = await run('stopped', 11);
    const goingOn = await run('stopped');
    const steps = whole.events.filter(({ type }) => type === 'distill-iteration');
    console.log(JSON.stringify({
      method: whole.outcome.method,
      networks: whole.outcome.accuracy.start.n,
      iterations: steps.length,
      descent: steps.at(-1).loss / steps[0].loss,
      pretrains: whole.events.some(({ type }) => type.startsWith('pretrain')),
      chart: readFileSync(whole.directory.pathOf('loss.svg'), 'utf8').includes('distance of means'),
      stopped: stopped.outcome,
      resumed: goingOn.events.find(({ type }) => type === 'distill-resume')?.iteration,
      same: ['distilled', 'start'].map((set) =>
        text(whole, set, 'images.safetensors') === text(goingOn, set, 'images.safetensors')),
      leaked: liveTensors() - before,
    }));
  `);
  expect(told).toEqual({
    method: 'class-means',
    networks: 1,
    iterations: 20,
    descent: expect.any(Number),
    pretrains: false,
    chart: true,
    stopped: 'stopped here',
    resumed: 11,
    same: [true, true],
    leaked: 0,
  });
  expect((told as { readonly descent: number }).descent).toBeLessThan(0.5);
});

it('a checkpoint of other code of the method is refused', () => {
  appendFileSync(join(folder, 'class-means.mjs'), '// Changed.\n');
  const told = printed(`
    import { loadPlan, RunDirectory, runPipeline } from 'ncfm';
    const { plan } = loadPlan({ source: 'own.yaml' });
    const where = { runs: 'runs', name: 'stopped', existing: 'continue' };
    const directory = RunDirectory.create(where);
    const request = { plan, directory, cache: 'cache', onEvent: () => {} };
    const outcome = await runPipeline(request).catch(({ name, message }) => ({ name, message }));
    console.log(JSON.stringify(outcome));
  `);
  expect(told).toMatchObject({
    name: 'UsageError',
    message: expect.stringContaining('distill.version'),
  });
});

it('a method given to distill as a value pretrains nothing', () => {
  const told = printed(`
    import { distill, loadDataset } from 'ncfm';
    import { classMeans } from './class-means.mjs';
    const types = new Set();
    const onEvent = ({ type }) => types.add(type);
    const options = { method: classMeans, imagesPerClass: 1, iterations: 2, onEvent };
    (await distill(await loadDataset('digits'), options)).dispose();
    console.log(JSON.stringify([...types].filter((type) => type.startsWith('pretrain'))));
  `);
  expect(told).toEqual([]);
});

it("a method's options are checked like ours", () => {
  const message = (override: string) =>
    `(() => { try { loadPlan({ source: 'own.yaml', overrides: ['${override}'] }); } catch (error) { return error.message; } })()`;
  const told = printed(`
    import { loadPlan } from 'ncfm';
    console.log(JSON.stringify([${message('distill.realPerClass=none')}, ${message('distill.alpha=0.5')}, ${message('distill.method=class-mean')}]));
  `);
  expect(told).toEqual([
    expect.stringContaining("distill.realPerClass: expected an integer from 1, found 'none'"),
    expect.stringMatching(/distill.alpha: unknown key; expected one of method/),
    expect.stringMatching(
      /distill.method: expected ncfm, .* or class-means, found 'class-mean'; did you mean 'class-means'\?/,
    ),
  ]);
});

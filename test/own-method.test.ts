import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPlan, RunDirectory, type RunEvent, runPipeline } from 'ncfm';
import { liveTensors } from 'ncfm/tensor';
import { afterAll, expect, it } from 'vitest';

const example = fileURLToPath(new URL('../examples/class-means.mjs', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'ncfm-own-method-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = join(folder, 'own.yaml');
writeFileSync(
  file,
  `imports: [${JSON.stringify(example)}]
dataset: { name: digits }
model: { name: convnet, depth: 2, width: 8 }
distill: { method: class-means, imagesPerClass: 2, realPerClass: 100 }
checkpoint: { seconds: null, iterations: 7 }
evaluate: { length: { steps: 40 }, batchSize: 20, augmentation: none, cutMix: 0, seeds: 1, curve: { points: 0 } }
`,
);

async function run(name: string, stopAt = Number.POSITIVE_INFINITY) {
  const { plan } = loadPlan({ source: file, name, overrides: ['threads=1'] });
  const directory = RunDirectory.create({ runs: folder, name, existing: 'continue' });
  const controller = new AbortController();
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent): void => {
    events.push(event);
    const there = event.type === 'distill-iteration' && event.iteration === stopAt;
    if (there) controller.abort(new Error('stopped here'));
  };
  const { signal } = controller;
  const request = { plan, directory, cache: join(folder, 'cache'), onEvent, signal };
  return { directory, events, done: runPipeline(request) };
}

const imagesOf = (directory: RunDirectory): string =>
  readFileSync(directory.pathOf('distilled', 'images.safetensors'), 'base64');

it("a method of one's own is configured, distils, goes on where it was, and is evaluated like ours", async () => {
  const before = liveTensors();
  const whole = await run('whole');
  const result = await whole.done;
  expect(result.accuracy.start.n).toBe(1);
  const steps = whole.events.filter((event) => event.type === 'distill-iteration');
  expect(steps).toHaveLength(20);
  expect(steps.at(-1)!.loss).toBeLessThan(0.5 * steps[0]!.loss);
  expect(whole.events.some(({ type }) => type.startsWith('pretrain'))).toBe(false);
  expect(readFileSync(whole.directory.pathOf('loss.svg'), 'utf8')).toContain('distance of means');

  const stopped = await run('stopped', 11);
  await expect(stopped.done).rejects.toThrow('stopped here');
  const goingOn = await run('stopped');
  await goingOn.done;
  expect(goingOn.events.find(({ type }) => type === 'distill-resume')).toMatchObject({
    iteration: 11,
  });
  expect(imagesOf(goingOn.directory)).toBe(imagesOf(whole.directory));
  expect(liveTensors()).toBe(before);
});

it("a method's options are checked like ours", () => {
  const wrong =
    (...overrides: string[]) =>
    () =>
      loadPlan({ source: file, overrides });
  expect(wrong('distill.realPerClass=none')).toThrow(
    "distill.realPerClass: expected a number from 1, found 'none'",
  );
  expect(wrong('distill.alpha=0.5')).toThrow(/distill.alpha: unknown key; expected one of method/);
  expect(wrong('distill.method=class-mean')).toThrow(
    "distill.method: expected ncfm or class-means, found 'class-mean'; did you mean 'class-means'?",
  );
});

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import { RunDirectory, type RunEvent } from '../run/index.js';
import { liveTensors, loadSafetensors, setThreads, threads } from '../tensor/index.js';
import { numbers } from '../tensor/testing/compare.js';
import { hostDevice, testDevice } from '../tensor/testing/on-device.js';
import type { PipelineResult } from './evaluate-set.js';
import { runPipeline } from './pipeline.js';

interface Attempt {
  readonly events: RunEvent[];
  readonly result: PipelineResult | undefined;
  readonly error: Error | undefined;
}

/** Runs in a folder, or goes on there, and stops when an event tells it to. */
async function attempt(
  folder: string,
  plan: Plan = smallPlan,
  { stopAt = () => false, acceptChanges = false }: AttemptOptions = {},
): Promise<Attempt> {
  const runs = join(folder, 'runs');
  const directory = RunDirectory.create({ runs, name: plan.name, existing: 'continue' });
  const controller = new AbortController();
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent): void => {
    events.push(event);
    if (stopAt(event)) controller.abort(new Error('stopped here'));
  };
  const { signal } = controller;
  const cache = join(folder, 'cache');
  try {
    const request = { plan, directory, cache, acceptChanges, onEvent, signal };
    return { events, result: await runPipeline(request), error: undefined };
  } catch (error) {
    return { events, result: undefined, error: error as Error };
  }
}

interface AttemptOptions {
  readonly stopAt?: (event: RunEvent) => boolean;
  readonly acceptChanges?: boolean;
}

const imagesIn = (folder: string): number[] => {
  const file = join(folder, 'runs', 'small', 'distilled', 'images.safetensors');
  const { tensors } = loadSafetensors(file);
  const values = numbers(tensors.get('images')!);
  for (const tensor of tensors.values()) tensor.dispose();
  return values;
};

/** Every file of a run whose content must not depend on where it was stopped. */
function products(folder: string): Map<string, string> {
  const run = join(folder, 'runs', 'small');
  const names = readdirSync(run, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(images\.safetensors|metadata\.json|\.png|\.svg|evaluation\.json|networks\/.*)$/.test(name),
  );
  return new Map(names.sort().map((name) => [name, readFileSync(join(run, name), 'base64')]));
}

const atIteration = (iteration: number) => (event: RunEvent) =>
  event.type === 'distill-iteration' && event.iteration === iteration;

/** At the end of the second network's first epoch; its checkpoint is of a step in the middle of its training. */
const inExtractor = (event: RunEvent) =>
  event.type === 'pretrain-epoch' && event.network === 2 && event.epoch === 1;

/** The same run, never stopped. */
let whole: { readonly folder: string; readonly result: PipelineResult };

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-undisturbed-'));
  whole = { folder, result: (await attempt(folder)).result! };
  return () => rmSync(folder, { recursive: true, force: true });
});

describe('a run that was stopped', () => {
  it.each<[string, (event: RunEvent) => boolean]>([
    ['in the middle of an extractor', inExtractor],
    ['before its first iteration', ({ type }) => type === 'distill-start'],
    ['between two checkpoints', atIteration(10)],
    ['at its last iteration', atIteration(20)],
    ['in its evaluation', (event) => event.type === 'evaluate-seed-end' && event.set === 'start'],
  ])('%s goes on and ends as if it had not been', async (_, stopAt) => {
    const folder = temporaryFolder();
    const before = liveTensors();
    const stopped = await attempt(folder, smallPlan, { stopAt });
    expect(stopped.error?.message).toBe('stopped here');
    expect(liveTensors()).toBe(before);
    const { result, error } = await attempt(folder);
    expect(error).toBeUndefined();
    expect(liveTensors()).toBe(before);
    expect(result!.accuracy).toEqual(whole.result.accuracy);
    expect(products(folder)).toEqual(products(whole.folder));
  });

  it('does not do again what it had done', async () => {
    const folder = temporaryFolder();
    await attempt(folder, smallPlan, { stopAt: atIteration(10) });
    const { events } = await attempt(folder, smallPlan, {
      stopAt: (event) => event.type === 'evaluate-seed-end' && event.set === 'start',
    });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'distill-resume', iteration: 10 }),
    );
    const iterations = events.filter((event) => event.type === 'distill-iteration');
    expect(iterations.map(({ iteration }) => iteration)).toEqual([
      11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
    ]);
    const last = await attempt(folder);
    expect(last.events.some(({ type }) => type === 'distill-iteration')).toBe(false);
    const seeds = last.events.filter((event) => event.type === 'evaluate-seed-end');
    expect(seeds.map(({ set, reused = false }) => `${set} ${reused}`)).toEqual([
      'random true',
      'random true',
      'start true',
      'start false',
      'distilled false',
      'distilled false',
    ]);
  });

  it('goes on from the checkpoint before one that was damaged, and says so', async () => {
    const folder = temporaryFolder();
    await attempt(folder, smallPlan, { stopAt: atIteration(16) });
    const checkpoints = join(folder, 'runs', 'small', 'checkpoints');
    const newest = readdirSync(checkpoints).sort().at(-1)!;
    expect(newest).toContain('16');
    writeFileSync(join(checkpoints, newest), readFileSync(join(checkpoints, newest)).subarray(1));
    const { events } = await attempt(folder);
    const warnings = events.filter((event) => event.type === 'warning');
    expect(warnings[0]!.message).toMatch(/a checkpoint was damaged.*damaged\)$/);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'distill-resume', iteration: 14 }),
    );
    rmSync(join(checkpoints, `${newest}.damaged`));
    expect(products(folder)).toEqual(products(whole.folder));
  });

  it('refuses to go on with other settings, naming them, unless they are accepted', async () => {
    const folder = temporaryFolder();
    await attempt(folder, smallPlan, { stopAt: atIteration(10) });
    const changed: Plan = { ...smallPlan, distill: { ...smallPlan.distill, alpha: 0.3 } };
    const before = liveTensors();
    const refused = await attempt(folder, changed);
    expect(refused.error?.message).toMatch(
      /other versions, settings or data:\n {2}distill\.alpha: 0\.5, now 0\.3\n.*--accept-changes/s,
    );
    expect(liveTensors()).toBe(before);
    const accepted = await attempt(folder, changed, { acceptChanges: true });
    expect(accepted.error).toBeUndefined();
    expect(accepted.events).toContainEqual(
      expect.objectContaining({
        type: 'warning',
        message: expect.stringContaining('It goes on all'),
      }),
    );
  });

  it('by a loss that is not a number says where, and keeps a look at it', async () => {
    const folder = temporaryFolder();
    const frequencies = { kind: 'gaussian', count: 8, scale: Number.NaN } as const;
    const plan: Plan = { ...smallPlan, distill: { ...smallPlan.distill, frequencies } };
    const { error, events } = await attempt(folder, plan);
    expect(error?.message).toMatch(/not finite at iteration 1 .*onNonFinite: skip/);
    const diagnosis = join(folder, 'runs', 'small', 'checkpoints', 'diagnosis-1.safetensors');
    const { tensors, metadata } = loadSafetensors(diagnosis);
    expect(JSON.parse(metadata.step!)).toMatchObject({ iteration: 1, discrepancy: 'NaN' });
    expect(tensors.get('images')!.shape).toEqual([20, 1, 8, 8]);
    for (const value of tensors.values()) value.dispose();
    expect(events.at(-1)).toMatchObject({
      type: 'warning',
      message: expect.stringContaining(diagnosis),
    });
  });

  it('can be made longer, when that is accepted', async () => {
    const folder = temporaryFolder();
    await attempt(folder, smallPlan);
    const longer: Plan = { ...smallPlan, distill: { ...smallPlan.distill, iterations: 25 } };
    const { events, error } = await attempt(folder, longer, { acceptChanges: true });
    expect(error).toBeUndefined();
    expect(events.filter((event) => event.type === 'distill-iteration')).toHaveLength(5);
    expect(existsSync(join(folder, 'runs', 'small', 'snapshots', '000025.png'))).toBe(true);
  });
});

describe.each([2, 3])('a run on %i threads', (count) => {
  const distill = { ...smallPlan.distill, fineTuneWeight: 1, iterations: 12 };
  const plan: Plan = { ...smallPlan, distill };
  const threaded = { ...plan, threads: count };
  afterAll(() => setThreads(smallPlan.threads));

  it('that was stopped ends with the same bytes as one that was not', async () => {
    const [stopped, undisturbed, single] = [
      temporaryFolder(),
      temporaryFolder(),
      temporaryFolder(),
    ];
    await attempt(stopped, threaded, { stopAt: atIteration(9) });
    expect(threads()).toBe(count);
    const { error, events, result } = await attempt(stopped, threaded);
    expect(error).toBeUndefined();
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'distill-resume', iteration: 9 }),
    );
    const uninterrupted = await attempt(undisturbed, threaded);
    expect(result!.accuracy).toEqual(uninterrupted.result!.accuracy);
    expect(products(stopped)).toEqual(products(undisturbed));

    if (testDevice !== hostDevice) return; // a GPU has threads of its own
    await attempt(single, plan);
    // Else this would say nothing. By how much is no matter of rounding alone: networks, clusters and Adam make a last
    // digit as large as they like. The kernels' own differences are bounded where they are tested.
    expect(imagesIn(undisturbed)).not.toEqual(imagesIn(single));
  });
});

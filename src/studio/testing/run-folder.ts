import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { writeImageGrid } from '../../report/pictures.js';
import { EventLog } from '../../run/event-log.js';
import type { RunEvent } from '../../run/events.js';
import type { RunStart } from '../../run/lifecycle-events.js';
import { testDevice } from '../../tensor/testing/on-device.js';

export interface TestRun {
  readonly runs: string;
  readonly name: string;
  readonly classes?: readonly string[];
  readonly iterations?: number;
  /** Snapshots are drawn every so many iterations. */
  readonly snapshotEvery?: number;
  /** What the log ends with; nothing for a run under way, or one that was killed. */
  readonly end?: 'run-end' | 'run-stopped' | 'run-failed';
  /** Whether it has been evaluated. */
  readonly hasResults?: boolean;
  readonly settings?: object;
}

export const classesOfTest = ['cat', '<img src=x onerror=alert(1)>'];

export function startEvent(classes: readonly string[], settings: object = {}): RunStart {
  return {
    type: 'run-start',
    formatVersion: 2,
    task: 'run',
    plan: settings,
    methods: [{ name: 'ncfm', title: 'NCFM', loss: 'discrepancy' }],
    classes,
    machine: {
      platform: 'linux-x64',
      cpu: 'any',
      processors: 2,
      memory: 8e9,
      threads: 1,
      device: testDevice,
      versions: { ncfm: '0.1.0', node: '20', libtorch: '1.13' },
    },
  };
}

/** Pixels of each image: two classes, two images of each, 4 × 4 grey values; no two alike. */
export function pixelsAt(iteration: number): Float32Array {
  return Float32Array.from({ length: 4 * 16 }, (_, index) => ((index * 3 + iteration) % 256) / 255);
}

/** Writes what a run of two classes leaves: configuration, log, snapshots, and results where it has some. */
export async function writeTestRun({
  runs,
  name,
  classes = classesOfTest,
  iterations = 20,
  snapshotEvery = 10,
  end,
  hasResults = false,
  settings = {},
}: TestRun): Promise<string> {
  const folder = join(runs, name);
  mkdirSync(join(folder, 'snapshots'), { recursive: true });
  const plan = {
    seed: 1,
    dataset: { name: 'pets' },
    distill: { method: 'ncfm', imagesPerClass: 2, iterations, formation: { factor: 2 } },
    ...settings,
  };
  writeFileSync(join(folder, 'config.yaml'), stringify(plan));
  using log = new EventLog(join(folder, 'events.jsonl'));
  const tell = (event: RunEvent): void => log.sink(event);
  tell(startEvent(classes, plan));
  tell({ type: 'system', memory: 1e9, cpu: 1.5, free: 4e9 });
  tell({ type: 'phase-start', phase: 'distill' });
  for (let iteration = 1; iteration <= iterations; iteration++) {
    const terms = { fineTuningLoss: 2 / iteration };
    tell({
      type: 'distill-iteration',
      iteration,
      iterations,
      loss: 1 / iteration,
      terms,
      seconds: 0.1,
    });
    if (iteration % snapshotEvery !== 0) continue;
    const path = join(folder, 'snapshots', `${iteration}.png`);
    const shape = { channels: 1, height: 4, width: 4 };
    const pixels = pixelsAt(iteration);
    const cells = await writeImageGrid({ pixels, shape, columns: 2, path, rowLabels: classes });
    tell({ type: 'snapshot', iteration, path, cells });
  }
  tell({ type: 'phase-end', phase: 'distill', seconds: 2, peak: 1.2e9 });
  if (hasResults) writeResults(folder);
  if (end === 'run-end') tell({ type: end, seconds: 3 });
  else if (end !== undefined) tell({ type: end, message: 'the disk is full', seconds: 3 });
  return folder;
}

function writeResults(folder: string): void {
  const figures = (mean: number) => ({
    mean,
    std: 1,
    n: 2,
    interval95: [mean - 2, mean + 2],
    varies: ['training'],
    calibrationError: { mean: 3, std: 1, n: 2 },
    testLoss: { mean: 1, std: 1, n: 2 },
    trainings: [mean - 1, mean + 1],
  });
  const accuracy = { random: figures(60), start: figures(65), distilled: figures(80) };
  const results = { dataset: 'pets', method: 'ncfm', imagesPerClass: 2, evaluatedOn: 'test' };
  writeFileSync(join(folder, 'results.json'), JSON.stringify({ ...results, accuracy }));
  const confusion = [
    [8, 2],
    [1, 9],
  ];
  const seeds = [{ metrics: { confusion } }, { metrics: { confusion } }];
  writeFileSync(join(folder, 'evaluation.json'), JSON.stringify({ sets: { distilled: seeds } }));
}

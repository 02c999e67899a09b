import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { DistillIteration, RunEvent } from '../run/events.js';
import { TerminalReporter } from './terminal.js';

/** A stream that keeps what is written, as wide a terminal as told or none. */
class Paper extends Writable {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  written = '';

  constructor(columns?: number) {
    super({ decodeStrings: false });
    this.isTTY = columns !== undefined;
    this.columns = columns;
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.written += chunk;
    done();
  }

  get lines(): string[] {
    return this.written.split('\n').slice(0, -1);
  }

  /** Each state that the bottom line of a terminal went through, without colours. */
  get drawn(): string[] {
    // The bar returns to the first column with this sequence before every drawing.
    const states = this.written.split('\n').flatMap((line) => line.split('\u001b[1G'));
    return states.map(stripVTControlCharacters).filter(Boolean);
  }
}

/** A reporter whose clock the test turns. */
function report(paper: Paper, environment: Record<string, string> = {}) {
  let now = 1000;
  const reporter = new TerminalReporter(paper, { clock: () => now, environment });
  const tell = (event: RunEvent, seconds = 0) => {
    now += seconds;
    reporter.sink(event);
  };
  return { reporter, tell };
}

function iteration(number: number, iterations: number): DistillIteration {
  return {
    type: 'distill-iteration',
    iteration: number,
    iterations,
    loss: 0.0312,
    terms: { frequencyScale: 1.2 },
    learningRate: 0.01,
    seconds: 0.5,
  };
}

function iterationsShown(lines: readonly string[]): number[] {
  return lines.flatMap(
    (line) =>
      line
        .match(/iteration (\d+)/)
        ?.slice(1)
        .map(Number) ?? [],
  );
}

describe('away from a terminal', () => {
  test('a fast run is told every ten percent, from the first iteration to the last', () => {
    const paper = new Paper();
    const { tell } = report(paper);
    for (let number = 1; number <= 1000; number += 1) tell(iteration(number, 1000), 0.001);
    expect(iterationsShown(paper.lines)).toEqual([
      1, 101, 201, 301, 401, 501, 601, 701, 801, 901, 1000,
    ]);
  });

  test('a slow run is told every ten seconds', () => {
    const paper = new Paper();
    const { tell } = report(paper);
    for (let number = 1; number <= 100; number += 1) tell(iteration(number, 10_000), 0.5);
    expect(iterationsShown(paper.lines)).toEqual([1, 21, 41, 61, 81]);
  });

  test('a run resumed in the middle is told from its first iteration on', () => {
    const paper = new Paper();
    const { tell } = report(paper);
    for (let number = 951; number <= 1000; number += 1) tell(iteration(number, 1000), 0.001);
    expect(iterationsShown(paper.lines)).toEqual([951, 1000]);
  });

  test('each line says where the work stands and how long it still takes', () => {
    const paper = new Paper();
    const { tell } = report(paper);
    tell(iteration(1, 1000), 0.5);
    tell({ ...iteration(1000, 1000), terms: { fineTuningLoss: 0.25 } }, 400);
    expect(paper.lines).toEqual([
      'distill   iteration 1/1000  loss 0.0312  eta 8 m 20 s',
      'distill   iteration 1000/1000  loss 0.0312  fine tuning loss 0.250',
    ]);
  });

  test('pretraining counts the epochs of all networks', () => {
    const paper = new Paper();
    const { tell } = report(paper);
    const epoch = {
      type: 'pretrain-epoch',
      networks: 2,
      epochs: 2,
      loss: 0.5,
      trainAccuracy: 80,
      seconds: 10,
    } as const;
    tell({ ...epoch, network: 1, epoch: 1 }, 10);
    tell({ ...epoch, network: 1, epoch: 2 }, 10);
    tell({
      type: 'pretrain-network-end',
      network: 1,
      networks: 2,
      testAccuracy: 86.25,
      seconds: 20,
    });
    tell({ ...epoch, network: 2, epoch: 1 }, 10);
    expect(paper.lines).toEqual([
      'pretrain  network 1/2  epoch 1/2  loss 0.500  train 80.0 %  eta 30.0 s',
      'pretrain  network 1/2  epoch 2/2  loss 0.500  train 80.0 %  eta 20.0 s',
      'pretrain  network 1/2  test accuracy 86.3 %  20.0 s',
      'pretrain  network 2/2  epoch 1/2  loss 0.500  train 80.0 %  eta 10.0 s',
    ]);
  });

  test('an evaluation counts the steps of all seeds and ends in its accuracy', () => {
    const paper = new Paper();
    const { tell } = report(paper);
    const step = { type: 'evaluate-step', set: 'distilled', steps: 2, loss: 1 } as const;
    tell({ type: 'evaluate-start', set: 'distilled', seeds: 2 });
    tell({ ...step, seed: 1, step: 1 }, 1);
    tell({ ...step, seed: 1, step: 2 }, 1);
    tell({ type: 'evaluate-seed-end', set: 'distilled', seed: 1, accuracy: 82, seconds: 2 });
    tell({ ...step, seed: 2, step: 2 }, 2);
    tell({ type: 'evaluate-end', set: 'distilled', mean: 82.1, std: 0.26, n: 2 });
    expect(paper.lines).toEqual([
      'evaluate distilled  seed 1/2  step 1/2  loss 1.00',
      'evaluate distilled  seed 1/2  step 2/2  loss 1.00  eta 2.0 s',
      'evaluate  distilled, seed 1  82.0 %  2.0 s',
      'evaluate distilled  seed 2/2  step 2/2  loss 1.00',
      'evaluate  distilled  82.10 ± 0.26 %  2 seeds',
    ]);
  });

  test('networks that are trained at once move on together', () => {
    const paper = new Paper();
    const { tell } = report(paper);
    const step = { type: 'evaluate-step', set: 'distilled', steps: 2, loss: 1 } as const;
    tell({ type: 'evaluate-start', set: 'distilled', seeds: 2 });
    tell({ ...step, seed: 2, step: 1, together: 1 }, 1);
    tell({ ...step, seed: 1, step: 1, together: 2 }, 1);
    tell({ ...step, seed: 1, step: 2, together: 3 }, 1);
    expect(paper.lines).toEqual([
      'evaluate distilled  seed 2/2  step 1/2  loss 1.00',
      'evaluate distilled  seed 1/2  step 1/2  loss 1.00  eta 2.0 s',
      'evaluate distilled  seed 1/2  step 2/2  loss 1.00  eta 1.0 s',
    ]);
  });

  test('a search tells how many architectures are done, and which is the best', () => {
    const paper = new Paper();
    const { tell } = report(paper);
    const done = { type: 'search-candidate', set: 'distilled', candidates: 2 } as const;
    tell({ type: 'search-start', set: 'distilled', candidates: 2, steps: 200 });
    tell({ ...done, candidate: 'w8-d1-none-relu-max', done: 1, accuracy: 71.23 }, 1);
    tell({ ...done, candidate: 'w8-d2-none-relu-max', done: 2, accuracy: 80 }, 1);
    const best = 'w8-d2-none-relu-max';
    tell({ type: 'search-end', set: 'distilled', best, accuracy: 80, seconds: 65 });
    expect(paper.lines).toEqual([
      'search    distilled  2 architectures  200 steps',
      'search distilled  1/2  w8-d1-none-relu-max  71.2 %',
      'search distilled  2/2  w8-d2-none-relu-max  80.0 %',
      'search    distilled  best w8-d2-none-relu-max  80.0 %  1 m 05 s',
    ]);
  });

  test('everything else is told at once, a line each', () => {
    const paper = new Paper();
    const { tell } = report(paper);
    tell({ type: 'phase-start', phase: 'pretrain' });
    tell({ type: 'pretrain-reused', networks: 1, path: 'cache/pool' });
    tell({
      type: 'distill-start',
      method: 'ncfm',
      iterations: 100,
      imagesPerClass: 10,
      classes: 10,
      storedImages: 100,
      decodedImages: 400,
    });
    tell({ type: 'snapshot', iteration: 50, path: 'snapshots/50.png' });
    tell({ type: 'warning', message: 'the disk is nearly full' });
    tell({ type: 'phase-end', phase: 'distill', seconds: 185 });
    tell({ type: 'evaluate-end', set: 'start', mean: 72.8, std: null, n: 1 });
    tell({ type: 'run-end', seconds: 7800 });
    expect(paper.lines).toEqual([
      'pretrain  1 network reused from cache/pool',
      'distill   10 × 10 = 100 stored images, 400 decoded, 100 iterations',
      'distill   snapshot snapshots/50.png',
      'warning: the disk is nearly full',
      'distill   done in 3 m 05 s',
      'evaluate  start  72.80 %  1 seed',
      'finished in 2 h 10 m',
    ]);
  });
});

describe('on a terminal', () => {
  test('progress is one line that is drawn over, and taken away at the end', () => {
    const paper = new Paper(80);
    const { reporter, tell } = report(paper);
    tell(iteration(1, 4), 0.5);
    expect(paper.written).not.toContain('\n');
    expect(paper.drawn.at(-1)).toBe(
      'distill   ████░░░░░░░░░░░░  iteration 1/4  loss 0.0312  eta 1.5 s',
    );
    tell(iteration(4, 4), 1.5);
    reporter.close();
    expect(paper.written).not.toContain('\n');
    expect(paper.drawn.at(-1)).toBe('distill   ████████████████  iteration 4/4  loss 0.0312');
    expect(paper.written.endsWith('\u001b[2K')).toBe(true);
  });

  test('a message takes the place of the bar, which then comes back below it', () => {
    const paper = new Paper(80);
    const { reporter, tell } = report(paper);
    tell(iteration(1, 4), 0.5);
    tell({ type: 'warning', message: 'the disk is nearly full' });
    tell(iteration(2, 4), 0.5);
    reporter.close();
    const [above, below] = paper.written.split('\n');
    // Clears the line, then writes in yellow.
    expect(above).toContain('\u001b[2K\u001b[33mwarning: the disk is nearly full');
    expect(below).toContain('iteration 2/4');
  });

  test.each([120, 80, 60, 40, 24])('the bar fits a terminal of %i columns', (columns) => {
    const paper = new Paper(columns);
    const { reporter, tell } = report(paper);
    tell({ ...iteration(12_000, 20_000), terms: { fineTuningLoss: 0.0643 } }, 0.5);
    reporter.close();
    const line = paper.drawn.at(-1)!;
    expect(line).toMatch(/^distill {3}█+░+( |$)/);
    expect(line.length).toBeLessThan(columns + 1);
  });

  test('colours are used, unless NO_COLOR is set', () => {
    const warning: RunEvent = { type: 'warning', message: 'careful' };
    const coloured = new Paper(80);
    report(coloured).tell(warning);
    expect(coloured.written).toBe('\u001b[33mwarning: careful\u001b[39m\n');
    const plain = new Paper(80);
    report(plain, { NO_COLOR: '1' }).tell(warning);
    expect(plain.written).toBe('warning: careful\n');
  });

  test('a terminal that can do nothing gets plain lines', () => {
    const paper = new Paper(80);
    report(paper, { TERM: 'dumb' }).tell(iteration(1, 4), 0.5);
    expect(paper.written).toBe('distill   iteration 1/4  loss 0.0312  eta 1.5 s\n');
  });

  test('closing leaves no listener and no timer that would keep the process alive', () => {
    const timers = () =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = { listeners: process.listenerCount('SIGINT'), timers: timers() };
    const { reporter, tell } = report(new Paper(80));
    tell(iteration(1, 4), 0.5);
    expect(process.listenerCount('SIGINT')).toBe(before.listeners);
    expect(timers()).toBe(before.timers + 1);
    reporter.close();
    expect(timers()).toBe(before.timers);
  });
});

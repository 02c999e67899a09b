import { expect, it } from 'vitest';
import type { MethodComparison, MethodRow } from '../pipeline/index.js';
import { testDevice } from '../tensor/testing/on-device.js';
import { methodsDocument, methodsTable } from './methods-table.js';

function done(method: string, mean: number, changes: object = {}): MethodRow {
  return {
    method,
    title: method.toUpperCase(),
    directory: `runs/digits-compare/${method}`,
    accuracy: { mean, std: 0.5, n: 3, interval95: [mean - 1.24, mean + 1.24] },
    iterations: 100,
    seconds: { pretrain: 0, distill: 61.4, perIteration: 0.6123, evaluate: 3 },
    pool: null,
    peakMemory: { distill: 359e6 },
    productBytes: 13_900,
    ...changes,
  } as unknown as MethodRow;
}

const pool = {
  pool: { networks: 3, reused: 3 },
  seconds: { pretrain: 75, distill: 3.2, perIteration: 0.021, evaluate: 3 },
};
const chosen = { seconds: { pretrain: 0, distill: 0.4, perIteration: null, evaluate: 3 } };
const comparison = {
  dataset: 'digits',
  imagesPerClass: 1,
  evaluatedOn: 'test',
  repeats: 1,
  seed: 7,
  protocol: { seeds: 3, hash: '9b265479568c88bf' },
  versions: { ncfm: '0.1.0', node: '20.0.0', libtorch: '1.13.0' },
  cpu: 'AMD EPYC',
  threads: 1,
  device: testDevice,
  rows: [
    done('random', 9.5, chosen),
    done('dm', 94),
    { method: 'dc', title: 'DC', directory: 'runs/digits-compare/dc', error: 'too few images' },
    done('ncfm', 95, pool),
  ],
  random: { mean: 90.25, std: null, n: 1 },
} as unknown as MethodComparison;

it('shows the methods by their accuracy, then the control, and what has failed below', () => {
  expect(`\n${methodsTable(comparison)}`).toMatchInlineSnapshot(`
    "
    method              accuracy (%)  95 % interval   pretrain    distil  s/iteration  memory     size
    ncfm                95.00 ± 0.50  93.76 to 96.24  1 m 15 s     3.2 s        0.021  359 MB  13.9 kB
    dm                  94.00 ± 0.50  92.76 to 95.24         –  1 m 01 s         0.61  359 MB  13.9 kB
    random               9.50 ± 0.50  8.26 to 10.74          –     0.4 s            –  359 MB  13.9 kB
    random real images  90.25
    dc failed: too few images
    "
  `);
});

it('is a document that says how it was measured', () => {
  expect(methodsDocument(comparison)).toMatchInlineSnapshot(`
    "# digits, 1 image per class

    | method | accuracy (%) | 95 % interval | pretrain | distil | s/iteration | memory | size |
    | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |
    | ncfm | 95.00 ± 0.50 | 93.76 to 96.24 | 1 m 15 s | 3.2 s | 0.021 | 359 MB | 13.9 kB |
    | dm | 94.00 ± 0.50 | 92.76 to 95.24 | – | 1 m 01 s | 0.61 | 359 MB | 13.9 kB |
    | random | 9.50 ± 0.50 | 8.26 to 10.74 | – | 0.4 s | – | 359 MB | 13.9 kB |
    | random real images | 90.25 |  |  |  |  |  |  |

    - dc failed: too few images

    Accuracy on test images of 3 networks trained on each set, one distillation each, seed 7; evaluation protocol
    9b265479568c88bf. Pretraining counts a pool's training in full, also where the pool was reused. ncfm 0.1.0, LibTorch
    1.13.0, cpu, 1 thread, AMD EPYC.
    "
  `);
});

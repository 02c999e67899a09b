import { writeFileSync } from 'node:fs';
import { lineChart } from 'ncfm/run';
import { BenchError } from '../errors.js';
import { formatSeconds, textTable } from '../table.js';
import type { Context } from './context.js';
import { type Accuracies, distillations, evaluationSettings, keyOf } from './evaluate-stage.js';
import { type Curve, type Headline, headlines } from './headline.js';

export interface AccuracyReport {
  readonly settings: object;
  readonly headlines: readonly Headline[];
  readonly curves: readonly Curve[];
}

/** Writes report.json and a chart for each number of images per class, and returns the report. */
export function reportStage(context: Context): AccuracyReport {
  const { store, options } = context;
  const accuracies = store.require<Accuracies>(
    'accuracies',
    evaluationSettings(context),
    'evaluate',
  );
  const curves = distillations(context).map(({ snapshots, ...rest }): Curve => {
    const points = snapshots.map((snapshot) => {
      const { iteration, seconds, path } = snapshot;
      const accuracy = accuracies[keyOf(snapshot)];
      if (accuracy !== undefined) {
        return { iteration, seconds, accuracy: accuracy.mean, deviation: accuracy.std };
      }
      throw new BenchError(`${path} has not been evaluated; run --stage evaluate first`);
    });
    return { ...rest, points };
  });
  const { json, help, out, stages, ...settings } = options;
  const report = {
    settings: { ...settings, threads: context.threads },
    headlines: headlines(curves),
    curves,
  };
  writeFileSync(store.path('report.json'), `${JSON.stringify(report, null, 2)}\n`);
  for (const ipc of options.imagesPerClass) {
    writeFileSync(store.path(`accuracy-ipc${ipc}.svg`), chartOf(curves, ipc));
  }
  return report;
}

function chartOf(curves: readonly Curve[], imagesPerClass: number): string {
  const own = curves.filter((curve) => curve.imagesPerClass === imagesPerClass);
  return lineChart({
    title: `Fashion-MNIST, ${imagesPerClass} per class: accuracy against distillation time`,
    xLabel: 'seconds',
    yLabel: 'test accuracy, %',
    logX: true,
    series: own.map(({ label, points }) => ({
      name: label,
      points: points.map(({ seconds, accuracy }) => [seconds, accuracy] as const),
    })),
  });
}

/** The report as people read it. */
export function renderAccuracy({ headlines: found, curves }: AccuracyReport): string {
  const rows = curves.flatMap(({ imagesPerClass, label, points }) =>
    points.map(({ iteration, seconds, accuracy, deviation }) => [
      String(imagesPerClass),
      label,
      String(iteration),
      formatSeconds(seconds),
      `${accuracy.toFixed(2)} ± ${deviation.toFixed(2)}`,
    ]),
  );
  const columns = [
    { heading: 'IPC', numeric: true },
    { heading: 'distillation' },
    { heading: 'iteration', numeric: true },
    { heading: 'time', numeric: true },
    { heading: 'accuracy (%)', numeric: true },
  ];
  return `${textTable(columns, rows)}\n${found.map(headlineText).join('')}`;
}

function headlineText({ imagesPerClass, pytorch, ours, ratio }: Headline): string {
  const best = `IPC ${imagesPerClass}: PyTorch's best is ${pytorch.accuracy.toFixed(2)} % after ${formatSeconds(pytorch.seconds)}`;
  if (ours === null || ratio === null) return `${best}; ours never was as good\n`;
  return `${best}; ours was first as good (${ours.accuracy.toFixed(2)} %) after ${formatSeconds(ours.seconds)} (${ours.label}): ${ratio.toFixed(1)} times sooner\n`;
}

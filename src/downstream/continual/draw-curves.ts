import { writeFileAtomic } from '../../core/index.js';
import { labelOfSet } from '../../plan/set-label.js';
import type { Series } from '../../report/index.js';
import type { RunDirectory } from '../../run/index.js';
import { type Curve, curveTitle } from './figures.js';
import type { ContinualResult } from './result.js';

/** Draws the accuracy of each memory over the classes seen, with bands of one standard deviation. */
export async function drawCurves(
  directory: RunDirectory,
  { dataset, method, imagesPerClass, classesSeen, curves }: ContinualResult,
): Promise<void> {
  const images = `${imagesPerClass} image${imagesPerClass === 1 ? '' : 's'}`;
  const { lineChart } = await import('../../report/chart.js');
  const chart = lineChart({
    title: `Continual learning on ${dataset}, ${images} per class`,
    xLabel: 'classes seen',
    yLabel: 'accuracy on all of them (%)',
    series: curves.map((curve) => seriesOf(curve, classesSeen, method)),
  });
  writeFileAtomic(directory.pathOf('continual.svg'), chart);
}

function seriesOf(curve: Curve, classesSeen: readonly number[], method: string): Series {
  const points = curve.accuracy.map(({ mean }, step) => [classesSeen[step]!, mean] as const);
  const band = curve.accuracy.map(
    ({ mean, std }, step) =>
      [
        classesSeen[step]!,
        Math.max(0, mean - (std ?? 0)),
        Math.min(100, mean + (std ?? 0)),
      ] as const,
  );
  return {
    name: curveTitle(curve, method),
    points,
    ...(curve.repetitions.length > 1 && { band }),
    ...(curve.training === 'fine-tuned' && { variantOf: labelOfSet(curve.memory, method) }),
  };
}

import { scatterChart } from '../report/index.js';
import type { MethodComparison } from './method-comparison.js';

/** Each method's accuracy, with its interval, against the seconds that its images took. */
export function drawMethods({ dataset, imagesPerClass, rows }: MethodComparison): string {
  const done = rows.flatMap((row) => {
    if ('error' in row) return [];
    const { title: name, accuracy, seconds } = row;
    return [{ name, accuracy, time: (seconds.pretrain ?? 0) + seconds.distill }];
  });
  const times = done.map(({ time }) => time);
  return scatterChart({
    title: `${dataset}, ${imagesPerClass} ${imagesPerClass === 1 ? 'image' : 'images'} per class`,
    xLabel: 'pretraining and distilling (s)',
    yLabel: 'test accuracy of networks trained on the images (%)',
    logX: Math.max(...times) > 10 * Math.min(...times),
    labelled: true,
    series: done.map(({ name, accuracy: { mean, interval95 }, time }) => ({
      name,
      points: [[time, mean]],
      ...(interval95 && { band: [[time, ...interval95]] }),
    })),
  });
}

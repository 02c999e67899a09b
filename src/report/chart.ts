import { palette } from './chart-parts.js';
import { drawSeries, type Titles } from './draw-chart.js';
import { type BandPoint, bandOf, lineOf, type Point } from './lines.js';

export type { BandPoint, Point } from './lines.js';

/** One line of a chart. */
export interface Series {
  readonly name: string;
  /** In ascending x. The line breaks at a point that is not finite, or not positive on a logarithmic axis. */
  readonly points: readonly Point[];
  /** A band around the line, such as one standard deviation to either side; in ascending x. */
  readonly band?: readonly BandPoint[];
  /** The name of the series that this is a variant of: it is drawn in that one's colour, dashed. */
  readonly variantOf?: string;
}

export interface LineChart extends Titles {
  readonly series: readonly Series[];
  /** A base-10 logarithmic horizontal axis. */
  readonly logX?: boolean;
  /** A base-10 logarithmic vertical axis. */
  readonly logY?: boolean;
}

/**
 * Draws lines over common axes: a self-contained SVG of 720 pixels width. Long series are thinned to what the width
 * can show, keeping every peak. Without any point to draw the chart says so.
 */
export function lineChart(chart: LineChart): string {
  const { logX = false, logY = false, series } = chart;
  const isDrawable = ([x, y]: Point) =>
    Number.isFinite(x) && Number.isFinite(y) && !(logX && x <= 0) && !(logY && y <= 0);
  const colours = coloursOf(series);
  const drawn = series.flatMap(({ name, points, band = [], variantOf }, index) => {
    const color = colours[index]!;
    const kept = band.filter(([x, low, high]) => isDrawable([x, low]) && isDrawable([x, high]));
    const line = lineOf(points.map((point) => (isDrawable(point) ? point : undefined)));
    const style = { width: 2, color, type: variantOf === undefined ? 'solid' : [6, 4] };
    return [
      ...(kept.length < 2 ? [] : [bandOf(kept, color)]),
      ...(points.some(isDrawable)
        ? [{ ...line, name, lineStyle: style, itemStyle: { color } }]
        : []),
    ];
  });
  // Counts (iterations, epochs) get no ticks between whole numbers.
  const counts = series.every(({ points }) => points.every(([x]) => Number.isInteger(x)));
  return drawSeries(chart, drawn, {
    x: { ...(logX && { type: 'log' }), ...(counts && { minInterval: 1 }) },
    y: logY ? { type: 'log' } : {},
    // A piece of the line alone, which has no marks.
    legend: { itemStyle: { opacity: 0 } },
  });
}

/** Each series that is no variant has a colour of its own. */
function coloursOf(series: readonly Series[]): string[] {
  const originals = series.filter(({ variantOf }) => variantOf === undefined);
  return series.map((one) => {
    const original = originals.find(({ name }) => name === one.variantOf) ?? one;
    return palette[Math.max(0, originals.indexOf(original)) % palette.length]!;
  });
}

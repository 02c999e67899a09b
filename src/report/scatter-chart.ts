import type { Series } from './chart.js';
import { palette } from './chart-parts.js';
import { drawSeries, type Titles } from './draw-chart.js';

/** What a scatter chart shows: points of several series over common axes. */
export interface ScatterChart extends Titles {
  /**
   * Points in any order; those that are not finite, or not positive on a logarithmic axis, are left out. A band is drawn as
   * an upright line at each of its positions.
   */
  readonly series: readonly Series[];
  /** A base-10 logarithmic horizontal axis. */
  readonly logX?: boolean;
  /** Whether the series' names stand at their points, too, as far as there is room. */
  readonly labelled?: boolean;
}

/** The marks of series, which repeat after four. */
const symbols = ['circle', 'rect', 'triangle', 'diamond'];

/**
 * Draws points over common axes, each series in a colour and a shape of its own: a self-contained SVG of 720 pixels width.
 * Without any point to draw the chart says so.
 */
export function scatterChart(chart: ScatterChart): string {
  const { logX = false, labelled = false } = chart;
  const isDrawable = (point: readonly number[]): boolean =>
    point.every(Number.isFinite) && !(logX && point[0]! <= 0);
  const series = chart.series.map(({ name, points }, index) => ({
    name,
    type: 'scatter',
    color: colourOf(index),
    symbol: symbols[index % symbols.length],
    symbolSize: 10,
    itemStyle: { opacity: 0.75, borderColor: '#ffffff', borderWidth: 0.75 },
    silent: true,
    ...(labelled && {
      label: { show: true, formatter: () => name, position: 'right', color: '#333333' },
      labelLayout: { hideOverlap: true },
    }),
    data: points.filter(isDrawable),
  }));
  if (series.every(({ data }) => data.length === 0)) return drawSeries(chart, [], { legend: {} });
  const whiskers = chart.series.flatMap(({ band = [] }, index) =>
    band.filter(isDrawable).map(([x, low, high]) => ({
      type: 'line',
      symbol: 'none',
      silent: true,
      lineStyle: { color: colourOf(index), width: 1.5 },
      data: [
        [x, low],
        [x, high],
      ],
    })),
  );
  return drawSeries(chart, [...whiskers, ...series], {
    x: logX ? { type: 'log' } : {},
    legend: { itemWidth: 10, itemHeight: 10 },
  });
}

function colourOf(index: number): string {
  return palette[index % palette.length]!;
}

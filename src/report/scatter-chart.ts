import type { Series } from './chart.js';
import { drawSeries, type Titles } from './draw-chart.js';

/** What a scatter chart shows: points of several series over common axes. */
export interface ScatterChart extends Titles {
  /** Points in any order; those that are not finite are left out. */
  readonly series: readonly Series[];
}

/** The marks of series, which repeat after four. */
const symbols = ['circle', 'rect', 'triangle', 'diamond'];

/**
 * Draws points over common axes, each series in a colour and a shape of its own: a self-contained SVG of 720 pixels width.
 * Without any point to draw the chart says so.
 */
export function scatterChart(chart: ScatterChart): string {
  const series = chart.series.map(({ name, points }, index) => ({
    name,
    type: 'scatter',
    symbol: symbols[index % symbols.length],
    symbolSize: 10,
    itemStyle: { opacity: 0.75, borderColor: '#ffffff', borderWidth: 0.75 },
    silent: true,
    data: points.filter((point) => point.every(Number.isFinite)),
  }));
  const drawn = series.some(({ data }) => data.length > 0) ? series : [];
  return drawSeries(chart, drawn, { legend: { itemWidth: 10, itemHeight: 10 } });
}

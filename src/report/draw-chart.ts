import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { axis, fontSize, label, palette } from './chart-parts.js';
import type { SeriesOption } from './lines.js';
import { dropForbidden, escapeText, fontFamily, textWidth } from './svg.js';

use([BarChart, CustomChart, LineChart, ScatterChart]);
use([GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const width = 720;
const plotHeight = 320;
/** Of a legend's names, in pixels; between rows as between names. */
const legendGap = 26;
const legendRow = fontSize + legendGap;
/** Of charts with two axes, in pixels from the edges. */
const margin = { left: 76, right: 24, bottom: 56 };

/** What a chart of several series over common axes is called. */
export interface Titles {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
}

/** Draws series over common axes, with a legend for several; without any it says so. The rest adds to the parts' options. */
export function drawSeries(
  { title, xLabel, yLabel }: Titles,
  series: readonly SeriesOption[],
  { x, y, legend }: { readonly x?: object; readonly y?: object; readonly legend: object },
): string {
  const data = series.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const rows = data.length < 2 ? 0 : legendRows(data);
  const top = rows === 0 ? 54 : 76 + (rows - 1) * legendRow;
  const placed = { left: margin.left - 5, right: margin.right, top: 38, itemGap: legendGap, data };
  const nothing = { text: 'nothing to draw yet', left: 'center', top: 'middle', textStyle: label };
  return drawChart(title, top + plotHeight + margin.bottom, {
    grid: { ...margin, top },
    series,
    ...(rows > 0 && { legend: { ...placed, textStyle: { fontSize }, ...legend } }),
    ...(series.length === 0
      ? { title: nothing }
      : {
          xAxis: { ...axis(xLabel, 30), splitLine: { show: false }, ...x },
          yAxis: {
            ...axis(yLabel, 50),
            axisLine: { show: false },
            axisTick: { show: false },
            ...y,
          },
        }),
  });
}

/** In how many rows the library lays out a legend's names, each behind its mark. */
function legendRows(names: readonly string[]): number {
  let [rows, left] = [1, 0];
  for (const name of names) {
    const entry = textWidth(name, fontSize) + 56;
    const fits = left + entry <= width - margin.left - margin.right;
    [rows, left] = fits ? [rows, left + entry] : [rows + 1, entry];
  }
  return rows;
}

/** The width of the longest of some lines of text, in pixels. */
export function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => textWidth(text, fontSize)));
}

/** Draws a chart: a self-contained SVG of 720 pixels width on white, named `title` to screen readers. */
export function drawChart(
  title: string,
  height: number,
  { title: note = [], ...option }: EChartsCoreOption,
): string {
  const heading = { text: title, left: 19, top: 10, textStyle: { fontSize: 16, color: '#1a1a1a' } };
  const common = {
    animation: false,
    backgroundColor: '#ffffff',
    color: palette,
    textStyle: { fontFamily, fontSize },
  };
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ ...common, ...option, title: [heading].concat(note as never) });
  const svg = dropForbidden(chart.renderToSVGString());
  chart.dispose();
  // Without what serves the scripts of a page, whose names are counted on from chart to chart.
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (class|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/zr\d+-/g, '')
    .replace('<svg ', () => `<svg role="img" aria-label="${escapeText(title)}" `);
}

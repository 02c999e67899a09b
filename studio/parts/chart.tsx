import { LineChart } from 'echarts/charts';
import {
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  TooltipComponent,
} from 'echarts/components';
import { type EChartsType, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'preact/hooks';
import type { ChartView } from '../../src/studio/view.js';
import { type ChartStyle, chartOption } from './chart-option.js';
import { useTheme } from './theme.js';

use([LineChart, GridComponent, LegendComponent, TooltipComponent, DataZoomComponent]);
// Drawn on canvas, as text of SVG would want styles that the page's policy forbids.
use([CanvasRenderer]);

/** A chart of lines: wheel and drag zoom, a pointer shows values. */
export function Chart(chart: ChartView & ChartStyle) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<EChartsType | undefined>(undefined);
  const theme = useTheme();
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = init(element);
    drawn.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.dispose();
      drawn.current = undefined;
    };
  }, []);
  useEffect(() => {
    drawn.current?.setOption(chartOption(chart, theme), {
      replaceMerge: ['series', 'xAxis', 'yAxis'],
    });
  });
  return (
    <figure class="chart">
      <figcaption>{chart.title}</figcaption>
      <div ref={place} class="plot" role="img" aria-label={describe(chart)} />
    </figure>
  );
}

/** What the chart shows, for those who do not see it. */
function describe({ title, xLabel, series }: ChartView): string {
  const ends = series.map(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return `${name}: nothing yet`;
    const [from, to] = [first[1].toPrecision(3), last[1].toPrecision(3)];
    return `${name}: from ${from} to ${to} at ${xLabel} ${last[0]}`;
  });
  return `${title}. ${ends.join('; ')}`;
}

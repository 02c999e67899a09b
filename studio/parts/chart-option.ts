import type { EChartsCoreOption } from 'echarts/core';
import { axis, formatTick, palette } from '../../src/report/chart-parts.js';
import { lineOf } from '../../src/report/lines.js';
import type { ChartView, SeriesPoint, SeriesView } from '../../src/studio/view.js';
import { runningMean } from './running-mean.js';
import type { Theme } from './theme.js';

export interface ChartStyle {
  /** Points of the running mean; 0 and 1 for none. */
  readonly smoothing: number;
  readonly isLogarithmic: boolean;
}

/** What the chart library is told: the axes and lines of the run's own charts, in the page's colours. */
export function chartOption(chart: ChartView & ChartStyle, theme: Theme): EChartsCoreOption {
  const { series, xLabel, yLabel, smoothing, isLogarithmic } = chart;
  const inColours = (name: string, gap: number) => {
    const made = axis(name, gap);
    return {
      ...made,
      nameTextStyle: { ...made.nameTextStyle, color: theme.quiet },
      axisLabel: { ...made.axisLabel, color: theme.text, hideOverlap: true },
      axisLine: { lineStyle: { color: theme.quiet } },
      axisTick: { lineStyle: { color: theme.quiet } },
      splitLine: { lineStyle: { color: theme.line } },
    };
  };
  const several = series.length > 1;
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: theme.font },
    grid: { left: 68, right: 16, top: several ? 40 : 16, bottom: 48 },
    ...(several && { legend: { top: 4, type: 'scroll', textStyle: { color: theme.text } } }),
    tooltip: {
      trigger: 'axis',
      // Drawn, not written into the page: names are text then, and no style is needed.
      renderMode: 'richText',
      backgroundColor: theme.surface,
      borderColor: theme.line,
      textStyle: { color: theme.text, fontSize: 12 },
      valueFormatter: (value: unknown) => (typeof value === 'number' ? value.toPrecision(4) : ''),
    },
    dataZoom: [{ type: 'inside', zoomOnMouseWheel: 'ctrl', moveOnMouseMove: true }],
    xAxis: { ...inColours(xLabel, 28), splitLine: { show: false }, minInterval: 1 },
    yAxis: {
      ...inColours(yLabel, 52),
      axisLabel: { color: theme.text, formatter: formatTick, hideOverlap: true },
      ...(isLogarithmic && { type: 'log' }),
    },
    series: series.flatMap((one, index) =>
      linesOf(one, palette[index % palette.length]!, smoothing, isLogarithmic, theme),
    ),
  };
}

/** A line; a smoothed one above its own values, which are then faint. */
function linesOf(
  { name, points }: SeriesView,
  colour: string,
  smoothing: number,
  isLogarithmic: boolean,
  { lift }: Theme,
): object[] {
  const color = lift(colour);
  const drawn = (values: readonly SeriesPoint[], opacity: number, shown: string) => ({
    ...lineOf(values.map(([x, y]) => (isLogarithmic && y <= 0 ? undefined : ([x, y] as const)))),
    silent: false,
    clip: true,
    name: shown,
    color,
    lineStyle: { width: opacity < 1 ? 1 : 2, color, opacity },
    itemStyle: { color },
  });
  if (smoothing < 2) return [drawn(points, 1, name)];
  return [drawn(points, 0.3, `${name}, as told`), drawn(runningMean(points, smoothing), 1, name)];
}

import type { CustomSeriesRenderItem } from 'echarts';
import { axis, palette } from './chart-parts.js';
import { drawChart, longest } from './draw-chart.js';

export interface Bar {
  readonly name: string;
  /** ≥ 0. */
  readonly value: number;
  /** Half the length of the error bar (a standard deviation, say), in the value's unit; none when absent or 0. */
  readonly error?: number;
}

export interface BarChart {
  readonly title: string;
  readonly valueLabel: string;
  readonly bars: readonly Bar[];
  /** Digits after the decimal point in the bars' labels; 1 by default. */
  readonly digits?: number;
}

const rowHeight = 40;
const top = 52;
const bottom = 58;

/**
 * Draws one horizontal bar per value, from zero, with its error bar and its number: a self-contained SVG of 720 pixels
 * width that grows downwards with the bars.
 */
export function barChart({ title, valueLabel, bars, digits = 1 }: BarChart): string {
  const labels = bars.map((bar) => valueText(bar, digits));
  const names = bars.map(({ name }) => name);
  const left = 40 + Math.min(220, longest(names));
  const ends = bars.map(({ value, error = 0 }) => (Number.isFinite(value) ? value + error : 0));
  const itemStyle = { opacity: 0.85 };
  const common = { silent: true, clip: false };
  return drawChart(title, top + bars.length * rowHeight + bottom, {
    grid: { left, right: 32 + longest(labels), top, bottom },
    xAxis: { ...axis(valueLabel, 30), min: 0, ...(Math.max(0, ...ends) === 0 && { max: 1 }) },
    yAxis: {
      ...axis('', 0),
      type: 'category',
      inverse: true,
      data: names,
      axisTick: { show: false },
      axisLabel: { fontSize: 13, color: '#333333', interval: 0 },
    },
    series: [
      {
        ...common,
        type: 'bar',
        barWidth: 26,
        itemStyle,
        data: bars.map(({ value }, index) => ({
          value: Number.isFinite(value) ? value : '-',
          itemStyle: { color: palette[index % palette.length] },
        })),
      },
      {
        ...common,
        type: 'custom',
        z: 3,
        renderItem: marksOf(bars, labels),
        encode: { x: 0, y: 1 },
        data: ends.map((end, index) => [end, index]),
      },
    ],
  });
}

/** The error bar, and the number behind it. */
function marksOf(bars: readonly Bar[], labels: readonly string[]): CustomSeriesRenderItem {
  return ({ dataIndex }, api) => {
    const { value, error = 0 } = bars[dataIndex]!;
    const [end, middle] = api.coord([api.value(0), dataIndex]) as [number, number];
    const text = labels[dataIndex]!;
    const number = {
      type: 'text' as const,
      style: {
        text,
        x: end + 10,
        y: middle,
        verticalAlign: 'middle' as const,
        fontWeight: 600,
        fontSize: 13,
        fill: '#333333',
      },
    };
    if (!(error > 0)) return number;
    const [start = 0] = api.coord([Math.max(0, value - error), dataIndex]);
    const cap = (at: number) => `M${at} ${middle - 5}v10`;
    const pathData = `M${start} ${middle}H${end}${cap(start)}${cap(end)}`;
    const style = { stroke: '#1a1a1a', lineWidth: 1.5, fill: 'none' };
    return { type: 'group', children: [{ type: 'path', shape: { pathData }, style }, number] };
  };
}

function valueText({ value, error }: Bar, digits: number): string {
  if (!Number.isFinite(value)) return '–';
  return error ? `${value.toFixed(digits)} ± ${error.toFixed(digits)}` : value.toFixed(digits);
}

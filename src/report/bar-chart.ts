import { heading } from './chart.js';
import { formatTick, linearScale, type Scale } from './scale.js';
import { colourOf, drawing, element, text, textWidth } from './svg.js';

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

const width = 720;
const barHeight = 26;
const rowHeight = 40;
const top = 52;

/**
 * Draws one horizontal bar per value, from zero, with its error bar and its number: a self-contained SVG of 720 pixels
 * width that grows downwards with the bars.
 */
export function barChart(chart: BarChart): string {
  const labels = chart.bars.map((bar) => valueText(bar, chart.digits ?? 1));
  const left = 40 + Math.min(220, longest(chart.bars.map(({ name }) => name)));
  const right = width - 32 - longest(labels);
  const bottom = top + chart.bars.length * rowHeight;
  const ends = chart.bars.map(({ value, error }) => value + (error ?? 0)).filter(Number.isFinite);
  const range = { from: 0, to: Math.max(0, ...ends) || 1, start: left, end: right };
  const scale = linearScale(range, 5, true);
  const markup = [
    heading(chart.title),
    rules(scale, bottom),
    ...chart.bars.map((bar, index) => row(bar, labels[index]!, index, left, scale)),
    text(chart.valueLabel, (left + right) / 2, bottom + 44, {
      'text-anchor': 'middle',
      fill: '#555555',
    }),
  ];
  return drawing(chart.title, width, bottom + 58, markup.join(''));
}

function rules(scale: Scale, bottom: number): string {
  return scale.ticks
    .map((tick) => {
      const at = scale.place(tick);
      const stroke = tick === 0 ? '#8a8a8a' : '#e6e6e6';
      const label = text(formatTick(tick), at, bottom + 20, { 'text-anchor': 'middle' });
      return element('line', { x1: at, x2: at, y1: top, y2: bottom + 4, stroke }) + label;
    })
    .join('');
}

function row(bar: Bar, label: string, index: number, left: number, scale: Scale): string {
  const middle = top + (index + 0.5) * rowHeight;
  const name = text(bar.name, left - 10, middle + 4.5, { 'text-anchor': 'end' });
  if (!Number.isFinite(bar.value)) return name + text(label, left + 10, middle + 4.5);
  const end = scale.place(bar.value);
  const body = element('rect', {
    x: left,
    y: middle - barHeight / 2,
    width: Math.max(0, end - left),
    height: barHeight,
    fill: colourOf(index),
    'fill-opacity': 0.85,
  });
  const error = bar.error ?? 0;
  const whisker = error > 0 ? errorBar(scale, bar.value - error, bar.value + error, middle) : '';
  const labelAt = scale.place(bar.value + error) + 10;
  const halo = { stroke: '#ffffff', 'stroke-width': 4, 'paint-order': 'stroke' };
  const number = text(label, labelAt, middle + 4.5, { 'font-weight': 600, ...halo });
  return name + body + whisker + number;
}

function errorBar(scale: Scale, low: number, high: number, middle: number): string {
  const from = scale.place(Math.max(0, low));
  const to = scale.place(high);
  const cap = (at: number) => `M${at.toFixed(1)} ${middle - 5}v10`;
  const path = `M${from.toFixed(1)} ${middle}H${to.toFixed(1)}${cap(from)}${cap(to)}`;
  return element('path', { d: path, stroke: '#1a1a1a', 'stroke-width': 1.5, fill: 'none' });
}

function valueText({ value, error }: Bar, digits: number): string {
  if (!Number.isFinite(value)) return '–';
  return error ? `${value.toFixed(digits)} ± ${error.toFixed(digits)}` : value.toFixed(digits);
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((content) => textWidth(content, 13)));
}

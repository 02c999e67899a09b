import { formatTick, linearScale, logScale, type Scale, type ScaleRange } from './scale.js';
import { colourOf, drawing, element, text, textWidth } from './svg.js';

/** A position in the units of the axes: `[x, y]`. */
export type Point = readonly [x: number, y: number];

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

/** Where a band begins and ends at one position: `[x, low, high]`. */
export type BandPoint = readonly [x: number, low: number, high: number];

export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** A base-10 logarithmic horizontal axis. */
  readonly logX?: boolean;
  /** A base-10 logarithmic vertical axis. */
  readonly logY?: boolean;
}

/** The measures of charts with two axes, in pixels. */
export const frame = {
  width: 720,
  plotHeight: 320,
  left: 76,
  right: 696,
  legendRow: 22,
  legendTop: 54,
  below: 56,
} as const;
const axisColour = '#8a8a8a';
const gridColour = '#e6e6e6';

/**
 * Draws lines over common axes: a self-contained SVG of 720 pixels width. Long series are thinned to what the width
 * can show, keeping every peak. Without any point to draw the chart says so.
 */
export function lineChart(chart: LineChart): string {
  const { logX = false, logY = false } = chart;
  const styles = stylesOf(chart.series);
  const legend = legendOf(chart.series, (index, left, y) => lineMark(styles[index]!, left, y));
  const top = frame.legendTop + legend.rows * frame.legendRow;
  const bottom = top + frame.plotHeight;
  const runs = chart.series.map(({ points }) => unbrokenRuns(points, { logX, logY }));
  const bands = chart.series.map(({ band = [] }) => drawableBand(band, { logX, logY }));
  const drawn = [...runs.flat(2), ...bands.flatMap(bandEnds)];
  const markup = [heading(chart.title), legend.markup];
  if (drawn.length === 0) {
    markup.push(nothingToDraw((top + bottom) / 2));
  } else {
    const x = horizontalScale(drawn, logX);
    const y = verticalScale(drawn, { start: bottom, end: top }, logY);
    markup.push(axes(chart, x, y, top, bottom));
    markup.push(...bands.map((band, index) => area(band, x, y, styles[index]!)));
    runs.forEach((ofSeries, index) => {
      for (const run of ofSeries) markup.push(line(run, x, y, styles[index]!));
    });
  }
  return drawing(chart.title, frame.width, bottom + frame.below, markup.join(''));
}

export function heading(title: string): string {
  return text(title, 24, 28, { 'font-size': 16, 'font-weight': 600, fill: '#1a1a1a' });
}

interface Style {
  readonly colour: string;
  /** The lengths of dashes and gaps; a whole line without. */
  readonly dashes: string | undefined;
}

/** Each series that is no variant has a colour of its own. */
function stylesOf(series: readonly Series[]): Style[] {
  const names = series.filter(({ variantOf }) => variantOf === undefined).map(({ name }) => name);
  let next = 0;
  return series.map(({ variantOf }) =>
    variantOf === undefined
      ? { colour: colourOf(next++), dashes: undefined }
      : { colour: colourOf(Math.max(0, names.indexOf(variantOf))), dashes: '6 4' },
  );
}

export function nothingToDraw(middle: number): string {
  const centred = { 'text-anchor': 'middle', fill: '#767676' };
  return text('nothing to draw yet', frame.width / 2, middle, centred);
}

/**
 * The names of several series, each behind its mark, in as many rows as they need; none for a single one.
 * @param mark draws what stands for the series at `index` in 18 pixels from `left`, around the height `y`
 */
export function legendOf(
  series: readonly { readonly name: string }[],
  mark: (index: number, left: number, y: number) => string,
): { readonly rows: number; readonly markup: string } {
  if (series.length < 2) return { rows: 0, markup: '' };
  let left: number = frame.left;
  let row = 0;
  const entries = series.map(({ name }, index) => {
    const entryWidth = textWidth(name, 13) + 46;
    if (left > frame.left && left + entryWidth > frame.right) {
      left = frame.left;
      row += 1;
    }
    const y = 52 + row * frame.legendRow;
    const entry = mark(index, left, y) + text(name, left + 26, y + 4.5);
    left += entryWidth;
    return entry;
  });
  return { rows: row + 1, markup: entries.join('') };
}

function lineMark({ colour, dashes }: Style, left: number, y: number): string {
  const stroke = { stroke: colour, 'stroke-width': 3, 'stroke-dasharray': dashes };
  const ends = { x1: left, x2: left + 18, y1: y, y2: y };
  return element('line', { ...ends, ...stroke, 'stroke-linecap': 'round' });
}

function horizontalScale(points: readonly Point[], logX: boolean): Scale {
  const [low, high] = extent(points, 0);
  const place = { start: frame.left, end: frame.right };
  if (logX) return logScale({ from: low / 1.05, to: high * 1.05, ...place });
  const [from, to] = spread([low, high]);
  // Counts (iterations, epochs) get no ticks between whole numbers.
  const counts = points.every(([x]) => Number.isInteger(x));
  const tickCount = counts ? Math.max(1, Math.min(7, to - from)) : 7;
  return linearScale({ from, to, ...place }, tickCount);
}

function verticalScale(
  points: readonly Point[],
  place: Pick<ScaleRange, 'start' | 'end'>,
  logY: boolean,
): Scale {
  const [low, high] = extent(points, 1);
  if (!logY) {
    const [from, to] = spread([low, high]);
    return linearScale({ from, to, ...place }, 6, true);
  }
  // A tenth of a power of ten on either side keeps the line off the frame, and one value from an empty range.
  return logScale({ from: low / 1.25, to: high * 1.25, ...place });
}

/** The least and the greatest coordinate of points along an axis. */
export function extent(points: readonly Point[], axis: 0 | 1): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    low = Math.min(low, point[axis]);
    high = Math.max(high, point[axis]);
  }
  return [low, high];
}

/** An empty range, widened so that its one value sits in the middle. */
export function spread([low, high]: [number, number]): [number, number] {
  if (high > low) return [low, high];
  const margin = Math.abs(low) * 0.1 || 1;
  return [low - margin, high + margin];
}

/** Rules, ticks and labels of two axes, the plot from `top` to `bottom`. */
export function axes(
  chart: Pick<LineChart, 'xLabel' | 'yLabel'>,
  x: Scale,
  y: Scale,
  top: number,
  bottom: number,
): string {
  const middle = (top + bottom) / 2;
  const horizontal = y.ticks.map((tick) => {
    const at = y.place(tick);
    const rule = { x1: frame.left, x2: frame.right, y1: at, y2: at, stroke: gridColour };
    const label = text(formatTick(tick), frame.left - 8, at + 4.5, { 'text-anchor': 'end' });
    return element('line', rule) + label;
  });
  const vertical = x.ticks.map((tick) => {
    const at = x.place(tick);
    const mark = { x1: at, x2: at, y1: bottom, y2: bottom + 5, stroke: axisColour };
    const label = text(formatTick(tick), at, bottom + 20, { 'text-anchor': 'middle' });
    return element('line', mark) + label;
  });
  const base = { x1: frame.left, x2: frame.right, y1: bottom, y2: bottom, stroke: axisColour };
  const name = { 'text-anchor': 'middle', fill: '#555555' };
  return [
    ...horizontal,
    element('line', base),
    ...vertical,
    text(chart.xLabel, (frame.left + frame.right) / 2, bottom + 42, name),
    text(chart.yLabel, 20, middle, { ...name, transform: `rotate(-90 20 ${middle})` }),
  ].join('');
}

function line(run: readonly Point[], x: Scale, y: Scale, { colour, dashes }: Style): string {
  const placed = run.map(([across, up]): Point => [x.place(across), y.place(up)]);
  const [only] = placed;
  if (placed.length === 1 && only) {
    return element('circle', { cx: only[0], cy: only[1], r: 3, fill: colour });
  }
  const points = thin(placed)
    .map(([across, down]) => `${across.toFixed(1)},${down.toFixed(1)}`)
    .join(' ');
  const stroke = { stroke: colour, 'stroke-width': 2, 'stroke-dasharray': dashes };
  return element('polyline', { points, fill: 'none', ...stroke, 'stroke-linejoin': 'round' });
}

function area(band: readonly BandPoint[], x: Scale, y: Scale, { colour }: Style): string {
  if (band.length < 2) return '';
  const place = ([across, up]: Point): string =>
    `${x.place(across).toFixed(1)},${y.place(up).toFixed(1)}`;
  const upper = band.map(([across, , high]) => place([across, high]));
  const lower = band.map(([across, low]) => place([across, low])).reverse();
  const points = [...upper, ...lower].join(' ');
  return element('polygon', { points, fill: colour, 'fill-opacity': 0.15 });
}

function bandEnds(band: readonly BandPoint[]): Point[] {
  return band.flatMap(([x, low, high]): Point[] => [
    [x, low],
    [x, high],
  ]);
}

function drawableBand(band: readonly BandPoint[], axes: LogAxes): BandPoint[] {
  return band.filter(([x, low, high]) => isDrawable([x, low], axes) && isDrawable([x, high], axes));
}

interface LogAxes {
  readonly logX: boolean;
  readonly logY: boolean;
}

function isDrawable([x, y]: Point, { logX, logY }: LogAxes): boolean {
  return Number.isFinite(x) && Number.isFinite(y) && !(logX && x <= 0) && !(logY && y <= 0);
}

function unbrokenRuns(points: readonly Point[], axes: LogAxes): Point[][] {
  const runs: Point[][] = [];
  let open: Point[] | undefined;
  for (const point of points) {
    if (!isDrawable(point, axes)) {
      open = undefined;
    } else if (open) {
      open.push(point);
    } else {
      open = [point];
      runs.push(open);
    }
  }
  return runs;
}

/** Of all points in one pixel column, keeps the first, the highest, the lowest and the last. */
function thin(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (let first = 0; first < points.length; ) {
    const column = Math.floor(points[first]![0]);
    let last = first;
    let lowest = first;
    let highest = first;
    for (let at = first; at < points.length && Math.floor(points[at]![0]) === column; at += 1) {
      if (points[at]![1] < points[highest]![1]) highest = at;
      if (points[at]![1] > points[lowest]![1]) lowest = at;
      last = at;
    }
    const chosen = new Set([first, highest, lowest, last]);
    for (const at of [...chosen].sort((a, b) => a - b)) kept.push(points[at]!);
    first = last + 1;
  }
  return kept;
}

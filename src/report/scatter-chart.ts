import {
  axes,
  type BandPoint,
  extent,
  frame,
  heading,
  legendOf,
  nothingToDraw,
  type Point,
  type Series,
  spread,
} from './chart.js';
import { linearScale, logScale, type Scale } from './scale.js';
import { colourOf, drawing, element } from './svg.js';

/** What a scatter chart shows: points of several series over common axes. */
export interface ScatterChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Points in any order; those that are not finite are left out. A band is drawn as an upright line for each of its points. */
  readonly series: readonly Series[];
  /** A base-10 logarithmic horizontal axis; all x are positive then. */
  readonly logX?: boolean;
}

/**
 * Draws points over common axes, each series in a colour and a shape of its own: a self-contained SVG of 720 pixels width.
 * Without any point to draw the chart says so.
 */
export function scatterChart(chart: ScatterChart): string {
  const legend = legendOf(chart.series, (index, left, y) => marker(index, left + 9, y));
  const top = frame.legendTop + legend.rows * frame.legendRow;
  const bottom = top + frame.plotHeight;
  const series = chart.series.map(({ points }) => points.filter(isFinitePoint));
  const drawn = series.flat();
  const markup = [heading(chart.title), legend.markup];
  if (drawn.length === 0) {
    markup.push(nothingToDraw((top + bottom) / 2));
  } else {
    const bands = chart.series.map(({ band = [] }) => band);
    const ends = bands.flat().flatMap(([at, low, high]): Point[] => [
      [at, low],
      [at, high],
    ]);
    const place = { start: frame.left, end: frame.right };
    const x = chart.logX ? logAxis(drawn, place) : axis(drawn, 0, place, 7);
    const y = axis([...drawn, ...ends], 1, { start: bottom, end: top }, 6);
    markup.push(axes(chart, x, y, top, bottom));
    bands.forEach((band, index) => {
      for (const whole of band) markup.push(whisker(index, whole, x, y));
    });
    series.forEach((points, index) => {
      for (const [across, up] of points) markup.push(marker(index, x.place(across), y.place(up)));
    });
  }
  return drawing(chart.title, frame.width, bottom + frame.below, markup.join(''));
}

function isFinitePoint([x, y]: Point): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

/** A scale that ends at ticks, at some distance from the outermost points. */
function axis(
  points: readonly Point[],
  which: 0 | 1,
  place: { readonly start: number; readonly end: number },
  ticks: number,
) {
  const [from, to] = spread(extent(points, which));
  const margin = 0.03 * (to - from);
  return linearScale({ from: from - margin, to: to + margin, ...place }, ticks, true);
}

function logAxis(
  points: readonly Point[],
  place: { readonly start: number; readonly end: number },
): Scale {
  const [from, to] = extent(points, 0);
  return logScale({ from: from / 1.3, to: to * 1.3, ...place });
}

function whisker(index: number, [at, low, high]: BandPoint, x: Scale, y: Scale): string {
  const ends = { x1: x.place(at), x2: x.place(at), y1: y.place(low), y2: y.place(high) };
  return element('line', { ...ends, stroke: colourOf(index), 'stroke-width': 1.5 });
}

const size = 4.5;

/** Outlines of marks around (0, 0); they repeat after four. */
const shapes = [
  `M${-size} 0a${size} ${size} 0 1 0 ${2 * size} 0a${size} ${size} 0 1 0 ${-2 * size} 0z`,
  `M${-size} ${-size}h${2 * size}v${2 * size}h${-2 * size}z`,
  `M0 ${-1.3 * size}L${1.25 * size} ${size}H${-1.25 * size}z`,
  `M0 ${-1.4 * size}L${1.4 * size} 0L0 ${1.4 * size}L${-1.4 * size} 0z`,
];

function marker(index: number, x: number, y: number): string {
  return element('path', {
    d: shapes[index % shapes.length]!,
    transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
    fill: colourOf(index),
    'fill-opacity': 0.75,
    stroke: '#ffffff',
    'stroke-width': 0.75,
  });
}

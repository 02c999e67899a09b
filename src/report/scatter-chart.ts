import {
  axes,
  extent,
  frame,
  heading,
  legendOf,
  nothingToDraw,
  type Point,
  type Series,
  spread,
} from './chart.js';
import { linearScale } from './scale.js';
import { colourOf, drawing, element } from './svg.js';

/** What a scatter chart shows: points of several series over common axes. */
export interface ScatterChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Points in any order; those that are not finite are left out. */
  readonly series: readonly Series[];
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
    const x = axis(drawn, 0, { start: frame.left, end: frame.right }, 7);
    const y = axis(drawn, 1, { start: bottom, end: top }, 6);
    markup.push(axes(chart, x, y, top, bottom));
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

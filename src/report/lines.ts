import type { CustomSeriesRenderItem } from 'echarts';

/** A position in the units of the axes: `[x, y]`. */
export type Point = readonly [x: number, y: number];

/** Where a band begins and ends at one position: `[x, low, high]`. */
export type BandPoint = readonly [x: number, low: number, high: number];

/** What the library is told of one series, and what the legend calls it; without a name it is not in the legend. */
export type SeriesOption = { readonly name?: string; readonly [option: string]: unknown };

/** A line with gaps; a point between two of them is a dot. */
export function lineOf(points: readonly (Point | undefined)[]): SeriesOption {
  const data = points.map((point, index) => {
    if (point === undefined) return ['-', '-'];
    const alone = points[index - 1] === undefined && points[index + 1] === undefined;
    return alone ? { value: point, symbol: 'circle', symbolSize: 6 } : point;
  });
  return { type: 'line', symbol: 'none', sampling: 'minmax', clip: false, silent: true, data };
}

/** The library has no bands: this one's outline is drawn at its first point. */
export function bandOf(band: readonly BandPoint[], color: string): SeriesOption {
  const renderItem: CustomSeriesRenderItem = ({ dataIndex }, api) => {
    if (dataIndex > 0) return null;
    const upper = band.map(([x, , high]) => api.coord([x, high]));
    const lower = band.map(([x, low]) => api.coord([x, low])).reverse();
    return {
      type: 'polygon',
      shape: { points: [...upper, ...lower] },
      style: { fill: color, opacity: 0.15 },
    };
  };
  return { type: 'custom', renderItem, encode: { x: 0, y: [1, 2] }, silent: true, data: band };
}

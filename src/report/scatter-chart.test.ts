import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { Point, Series } from './chart.js';
import { scatterChart } from './scatter-chart.js';

function draw(series: readonly Series[]): string {
  return scatterChart({ title: 'Proxies', xLabel: 'proxy (%)', yLabel: 'whole data (%)', series });
}

const markElement =
  /<path d="([^"]+)" transform="matrix\([^"]*,([\d.]+),([\d.]+)\)" fill="(#\w+)" fill-opacity/g;

/** Where the marks are, those of the legend left out. */
function marks(svg: string): Point[] {
  return [...svg.matchAll(markElement)].map(([, , x, y]): Point => [Number(x), Number(y)]);
}

const rise: Series = {
  name: 'rise',
  points: [
    [3, 30],
    [1, 10],
    [2, 20],
  ],
};

describe('a scatter chart', () => {
  test('is a drawing that needs nothing else', async () => {
    const svg = draw([rise]);
    const { channels } = await sharp(Buffer.from(svg)).stats();
    expect(channels[0]!.mean).toBeGreaterThan(200);
    expect(channels[0]!.min).toBeLessThan(100);
    expect(svg).not.toMatch(/href=|url\((?!#)|<script|<style/);
  });

  test('places every point by its values, inside the axes', () => {
    const placed = marks(draw([rise]));
    expect(placed).toHaveLength(3);
    const [third, first, second] = placed as [Point, Point, Point];
    expect(second[0] - first[0]).toBeCloseTo(third[0] - second[0], 0);
    expect(first[1] - second[1]).toBeCloseTo(second[1] - third[1], 0);
    expect(first[1]).toBeGreaterThan(third[1]);
    for (const [x, y] of placed) {
      expect(x).toBeGreaterThanOrEqual(76);
      expect(x).toBeLessThanOrEqual(696);
      expect(y).toBeGreaterThanOrEqual(54);
      expect(y).toBeLessThanOrEqual(54 + 320);
    }
  });

  test('tells several series apart by colour, shape and legend', () => {
    const svg = draw([rise, { ...rise, name: 'other' }]);
    expect(svg).toContain('>other<');
    const looks = [...svg.matchAll(markElement)];
    expect(looks).toHaveLength(6);
    expect(new Set(looks.map(([, shape]) => shape)).size).toBe(2);
    expect(new Set(looks.map(([, , , , colour]) => colour)).size).toBe(2);
  });

  test.each([[[]], [[{ name: 'a', points: [[Number.NaN, 1]] as Point[] }]]])(
    'says so when there is nothing to draw',
    (series) => {
      const svg = draw(series);
      expect(svg).toContain('nothing to draw yet');
      expect(svg).not.toMatch(/NaN|Infinity/);
    },
  );

  test('has names at points, upright lines through them, and a logarithmic axis', () => {
    const at = (name: string, x: number, y: number): Series => ({
      name,
      points: [[x, y]],
      band: [[x, y - 5, y + 5]],
    });
    const titles = { title: 'Methods', xLabel: 's', yLabel: '%' };
    const series = [at('slow', 100, 80), at('between', 10, 60), at('quick', 1, 40)];
    const svg = scatterChart({ ...titles, series, logX: true, labelled: true });
    expect(svg.match(/>(slow|between|quick)</g)).toHaveLength(6);
    expect(svg).toContain('>100<');
    const [slow, between, quick] = [
      ...svg.matchAll(/<path d="M([\d.]+) ([\d.]+)L\1 [\d.]+"[^>]*stroke-width="1.5"/g),
    ].map(([, x]) => Number(x));
    expect(slow! - between!).toBeCloseTo(between! - quick!, 0);
  });

  test('draws a single point in the middle', () => {
    const [[x] = [0]] = marks(draw([{ name: 'one', points: [[50, 50]] }]));
    expect(x).toBeCloseTo((76 + 696) / 2, 0);
  });
});

import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { type Bar, barChart } from './bar-chart.js';
import { lineChart, type Point, type Series } from './chart.js';

const labels = { title: 'Discrepancy', xLabel: 'iteration', yLabel: 'NCFD' };

function chartOf(series: readonly Series[], logY = false): string {
  return lineChart({ ...labels, series, logY });
}

const lineElement = /<path d="(M[^"]*)" fill="none"[^>]*stroke="(#\w+)" stroke-width="2"[^>]*>/g;

/** The positions of every line drawn, each unbroken piece by itself. */
function lines(svg: string): Point[][] {
  return [...svg.matchAll(lineElement)].flatMap(([, path]) =>
    path!
      .split('M')
      .filter((piece) => piece.includes('L'))
      .map((piece) => piece.split('L').map((point) => point.split(' ').map(Number) as never)),
  );
}

function bands(svg: string): Point[][] {
  return [...svg.matchAll(/<polygon points="([^"]*)"/g)].map(([, points]) => {
    const numbers = points!.split(' ').map(Number);
    return numbers.flatMap((x, at) => (at % 2 === 0 ? [[x, numbers[at + 1]!] as const] : []));
  });
}

async function looksLikeADrawing(svg: string): Promise<void> {
  const { channels } = await sharp(Buffer.from(svg)).stats();
  // Ink on a light ground: mostly white, with something dark.
  expect(channels[0]!.mean).toBeGreaterThan(200);
  expect(channels[0]!.min).toBeLessThan(100);
}

describe('a line chart', () => {
  test('is a drawing that needs nothing else', async () => {
    const svg = chartOf([
      {
        name: 'a',
        points: [
          [1, 3],
          [2, 1],
          [3, 2],
        ],
      },
    ]);
    await looksLikeADrawing(svg);
    expect(svg).not.toMatch(/href=|url\((?!#)|<script|<style/);
  });

  test('draws a steady rise as a straight line across the whole width', () => {
    const points = Array.from({ length: 11 }, (_, x): Point => [x, x * 2]);
    const [line] = lines(chartOf([{ name: 'a', points }]));
    expect(line).toHaveLength(11);
    expect(line![0]![0]).toBe(76);
    expect(line!.at(-1)![0]).toBe(696);
    const slopes = line!.slice(1).map(([x, y], at) => (y - line![at]![1]) / (x - line![at]![0]));
    for (const slope of slopes) expect(slope).toBeCloseTo(slopes[0]!, 5);
    expect(slopes[0]).toBeLessThan(0);
  });

  test('places equal ratios at equal distances on a logarithmic horizontal axis', () => {
    const points = [0, 1, 10, 100, 1000].map((x): Point => [x, 1 + x]);
    const [line] = lines(lineChart({ ...labels, series: [{ name: 'a', points }], logX: true }));
    expect(line).toHaveLength(4); // 0 has no place there
    const steps = line!.slice(1).map(([x], at) => x - line![at]![0]);
    for (const step of steps) expect(step).toBeCloseTo(steps[0]!, 0);
    expect(steps[0]).toBeGreaterThan(190);
  });

  test('draws a steady decay as a straight line on a logarithmic axis', () => {
    const points = Array.from({ length: 11 }, (_, x): Point => [x, 10 ** (-x / 5)]);
    const [line] = lines(chartOf([{ name: 'a', points }], true));
    const drops = line!.slice(1).map(([, y], at) => y - line![at]![1]);
    for (const drop of drops) expect(Math.abs(drop - drops[0]!)).toBeLessThan(0.2);
    expect(drops[0]).toBeGreaterThan(1);
  });

  test('thins a long series but keeps its peak and its ends', () => {
    const flat = Array.from(
      { length: 20_000 },
      (_, x): Point => [x, x === 12_345 ? 9 : Math.sin(x)],
    );
    const svg = chartOf([{ name: 'a', points: flat }]);
    const [line] = lines(svg);
    expect(line!.length).toBeLessThan(4 * 621 + 1);
    // The axis ends at 21,000.
    expect(Math.abs(line![0]![0] - 76)).toBeLessThan(1);
    expect(Math.abs(line!.at(-1)![0] - (76 + (620 * 19_999) / 21_000))).toBeLessThan(1);
    const heights = line!.map(([, y]) => y).sort((a, b) => a - b);
    expect(heights[1]! - heights[0]!).toBeGreaterThan(50);
    expect(svg.length).toBeLessThan(50_000);
  });

  test.each([
    ['a value that is not a number', Number.NaN, false],
    ['an infinite value', Number.POSITIVE_INFINITY, false],
    ['zero on a logarithmic axis', 0, true],
  ])('breaks the line at %s', (_, gap, logY) => {
    const points: Point[] = [
      [1, 1],
      [2, 2],
      [3, gap],
      [4, 3],
      [5, 4],
    ];
    const svg = chartOf([{ name: 'a', points }], logY);
    expect(lines(svg).map((line) => line.length)).toEqual([2, 2]);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });

  test('shows a single value as a dot', () => {
    const svg = chartOf([{ name: 'a', points: [[1, 0.7]] }], true);
    expect(svg.match(/<path d="M1 0A1 1 [^"]*" transform="[^"]*" fill="#0072b2"/g)).toHaveLength(1);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });

  test.each([
    [[]],
    [[{ name: 'a', points: [] }]],
    [[{ name: 'a', points: [[1, Number.NaN]] as Point[] }]],
  ])('says so when there is nothing to draw', (series) => {
    const svg = chartOf(series);
    expect(svg).toContain('nothing to draw yet');
    expect(svg).not.toMatch(/NaN|Infinity/);
  });

  test('has a legend for two series, each in its own colour', () => {
    const points: Point[] = [
      [1, 1],
      [2, 2],
    ];
    expect(chartOf([{ name: 'only', points }])).not.toContain('>only<');
    const svg = chartOf([
      { name: 'first', points },
      { name: 'second', points },
    ]);
    expect(svg).toContain('>first<');
    expect(svg).toContain('>second<');
    const colours = [...svg.matchAll(lineElement)].map(([, , colour]) => colour);
    expect(new Set(colours).size).toBe(2);
    for (const colour of colours) {
      expect(svg.split(`stroke="${colour}"`)).toHaveLength(3); // the line's and the legend's
    }
  });

  test('draws a band from its low to its high edge, within the axes and behind the line', async () => {
    const points = [1, 2, 3].map((x): Point => [x, x]);
    const band = [1, 2, 3].map((x) => [x, x - 1, x + 1] as const);
    const svg = chartOf([{ name: 'a', points, band }]);
    const [area] = bands(svg);
    const [line] = lines(svg);
    expect(svg.indexOf('<polygon')).toBeLessThan(svg.search(lineElement));
    const middle = area!.slice(0, 3).map(([x, top], at) => {
      const [opposite, bottom] = area!.at(-1 - at)!;
      expect(opposite).toBe(x);
      expect(bottom).toBeGreaterThan(top);
      return [x, (top + bottom) / 2];
    });
    for (const [at, [x, y]] of line!.entries()) {
      expect(middle[at]![0]).toBe(x);
      expect(middle[at]![1]).toBeCloseTo(y, 0);
    }
    for (const [, y] of area!) expect(y).toBeGreaterThanOrEqual(54);
    await looksLikeADrawing(svg);
  });

  test("draws a variant in its original's colour, dashed, and does not count it as a colour", () => {
    const points: Point[] = [
      [1, 1],
      [2, 2],
    ];
    const svg = chartOf([
      { name: 'a', points },
      { name: 'a, otherwise', points, variantOf: 'a' },
      { name: 'b', points },
    ]);
    const drawn = [...svg.matchAll(lineElement)];
    const colours = drawn.map(([, , colour]) => colour);
    expect(colours[1]).toBe(colours[0]);
    expect(colours[2]).not.toBe(colours[0]);
    expect(drawn.map(([line]) => line.includes('stroke-dasharray'))).toEqual([false, true, false]);
    expect(colours[2]).toBe(
      [
        ...chartOf([
          { name: 'a', points },
          { name: 'b', points },
        ]).matchAll(lineElement),
      ][1]![2],
    );
  });

  test('leaves out of a band what cannot be drawn', () => {
    const points = [1, 2, 3].map((x): Point => [x, x]);
    const band = [
      [1, 1, 2],
      [2, Number.NaN, 3],
      [3, 2, 4],
    ] as const;
    const svg = chartOf([{ name: 'a', points, band }]);
    expect(bands(svg)[0]).toHaveLength(4);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });

  test('has no ticks between whole iterations', () => {
    const points: Point[] = [
      [1, 1],
      [2, 2],
      [3, 3],
    ];
    const svg = chartOf([{ name: 'a', points }]);
    const bottomLabels = [...svg.matchAll(/text-anchor="middle"[^>]*>([\d.]+)</g)];
    expect(bottomLabels.map(([, label]) => label)).toEqual(['1', '2', '3']);
  });

  test.each([
    [[0.02, 0.07], '0.05'],
    [[3000, 21_000], '6,000'],
    [[0, 4e-6], '1e-6'],
    [[0, 4e9], '2e9'],
  ])('writes ticks from %j as people read them: %s', (ends, tick) => {
    const svg = chartOf([{ name: 'a', points: ends.map((y, x): Point => [x, y]) }]);
    expect(svg).toContain(`>${tick}<`);
  });

  test('is the same each time that it is drawn', () => {
    const series = [{ name: 'a', points: [[1, 2] as const, [2, 3] as const] }];
    expect(chartOf(series)).toBe(chartOf(series));
  });

  test('escapes every text and stays readable to an SVG parser', async () => {
    const nasty = `<script>"&'</script>\u0000`;
    const points: Point[] = [
      [1, 1],
      [2, 2],
    ];
    const series = [
      { name: nasty, points },
      { name: `other ${nasty}`, points },
    ];
    const svg = lineChart({ title: nasty, xLabel: nasty, yLabel: nasty, series });
    expect(svg).not.toContain('<script');
    expect(svg.match(/&lt;script&gt;/g)).toHaveLength(6);
    await looksLikeADrawing(svg);
  });
});

describe('a bar chart', () => {
  const draw = (bars: readonly Bar[]) =>
    barChart({ title: 'Accuracy', valueLabel: 'accuracy (%)', bars });
  const barWidths = (svg: string) =>
    [...svg.matchAll(/<path d="M[\d.]+ [\d.]+l([\d.]+) 0l0 26/g)].map(([, w]) => Number(w));
  const errorBar = /d="M([\d.]+) ([\d.]+)L([\d.]+) \2M[^"]*" fill="none"/;

  test('draws bars in proportion to their values, from zero', async () => {
    const svg = draw([
      { name: 'a', value: 40 },
      { name: 'b', value: 80 },
    ]);
    const [first, second] = barWidths(svg);
    expect(second! / first!).toBeCloseTo(2, 3);
    await looksLikeADrawing(svg);
  });

  test('writes the value and its error, and draws an error bar twice as long', () => {
    const svg = draw([{ name: 'ncfm', value: 50, error: 10 }]);
    expect(svg).toContain('50.0 ± 10.0');
    const [, from, , to] = svg.match(errorBar)!.map(Number);
    expect((to! - from!) / barWidths(svg)[0]!).toBeCloseTo(20 / 50, 2);
  });

  test('draws no error bar where there is no error', () => {
    const svg = draw([{ name: 'one seed', value: 50, error: 0 }]);
    expect(svg).toContain('>50.0<');
    expect(svg).not.toMatch(errorBar);
  });

  test('stays whole without bars, at zero and for a value that is missing', async () => {
    for (const bars of [[], [{ name: 'zero', value: 0 }], [{ name: 'lost', value: Number.NaN }]]) {
      const svg = draw(bars);
      expect(svg).not.toMatch(/NaN|Infinity/);
      await looksLikeADrawing(svg);
    }
  });

  test('escapes names', () => {
    expect(draw([{ name: '<a&b>', value: 1 }])).toContain('&lt;a&amp;b&gt;');
  });
});

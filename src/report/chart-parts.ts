/** What charts in files and on pages have in common. */

export const fontSize = 13;

/** Okabe and Ito's palette, which readers of every kind of colour vision can tell apart; repeats after seven. */
export const palette = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#444444',
];

/** Of an axis. */
export const label = { fontSize, fontWeight: 'normal', color: '#555555' };

/** An axis of numbers that ends at ticks; its name stands `nameGap` pixels from it. */
export function axis(name: string, nameGap: number) {
  return {
    type: 'value',
    scale: true,
    name,
    nameGap,
    nameLocation: 'middle',
    nameTextStyle: label,
    axisLabel: { fontSize, color: '#333333', formatter: formatTick },
    axisLine: { lineStyle: { color: '#8a8a8a' } },
    axisTick: { lineStyle: { color: '#8a8a8a' } },
    splitLine: { lineStyle: { color: '#e6e6e6' } },
  };
}

/** A number as an axis shows it: `0.05`, `20,000`, `1e-6`. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential().replace('e+', 'e');
  return value.toLocaleString('en-US', { maximumFractionDigits: 12 });
}

/** A straight or logarithmic map from values to positions, with the values worth a label on its axis. */
export interface Scale {
  /** Position of a value. */
  place(value: number): number;
  /** Round values inside the range, ascending. */
  readonly ticks: readonly number[];
}

/** The end values of an axis and the positions they map to. */
export interface ScaleRange {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

/**
 * A straight scale whose ticks are multiples of 1, 2 or 5 times a power of ten, about `tickCount` of them. With
 * `widen`, the range first grows to the ticks around it.
 */
export function linearScale(range: ScaleRange, tickCount: number, widen = false): Scale {
  const step = niceStep((range.to - range.from) / tickCount);
  const first = widen ? Math.floor(range.from / step) : Math.ceil(range.from / step - 1e-9);
  const last = widen ? Math.ceil(range.to / step - 1e-9) : Math.floor(range.to / step + 1e-9);
  const from = widen ? first * step : range.from;
  const to = widen ? last * step : range.to;
  const slope = (range.end - range.start) / (to - from);
  return {
    place: (value) => range.start + (value - from) * slope,
    // A multiple of a decimal step picks up binary dust (3 × 0.1); twelve digits are more than any label shows.
    ticks: Array.from({ length: last - first + 1 }, (_, index) =>
      Number(((first + index) * step).toPrecision(12)),
    ),
  };
}

/**
 * A base-10 logarithmic scale over positive values. Ticks are powers of ten, joined by their 2 and 5 multiples when
 * the range spans few powers, or evenly spaced values when it is narrower than that.
 */
export function logScale(range: ScaleRange): Scale {
  const low = Math.log10(range.from);
  const high = Math.log10(range.to);
  const slope = (range.end - range.start) / (high - low);
  const spacing = Math.max(1, Math.ceil((high - low) / 6));
  const mantissas = high - low < 2.5 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(low / spacing) * spacing; power <= high; power += spacing) {
    for (const mantissa of mantissas) {
      const tick = Number(`${mantissa}e${power}`);
      if (tick >= range.from * (1 - 1e-9) && tick <= range.to * (1 + 1e-9)) ticks.push(tick);
    }
  }
  return {
    place: (value) => range.start + (Math.log10(value) - low) * slope,
    ticks: ticks.length >= 2 ? ticks : linearScale(range, 5).ticks,
  };
}

/** A number as an axis shows it: `0.05`, `20,000`, `1e-6`. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    return value.toExponential().replace('e+', 'e');
  }
  return value.toLocaleString('en-US', { maximumFractionDigits: 12 });
}

function niceStep(rough: number): number {
  const power = Math.floor(Math.log10(rough));
  const mantissa = rough / 10 ** power;
  const nice = mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10;
  return Number(`${nice}e${power}`);
}

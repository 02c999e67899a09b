import { useState } from 'preact/hooks';
import type { ChartView } from '../../src/studio/view.js';
import { Chart } from './chart.js';

/** Charts beside each other; with controls their lines can be smoothed, and their axes logarithmic. */
export function Charts({
  charts,
  hasControls = false,
}: {
  readonly charts: readonly ChartView[];
  readonly hasControls?: boolean;
}) {
  const [smoothing, setSmoothing] = useState(0);
  const [isLogarithmic, setLogarithmic] = useState(false);
  return (
    <>
      {hasControls && (
        <p class="controls no-print">
          <label>
            Smoothing{' '}
            <input
              type="range"
              min={0}
              max={60}
              value={smoothing}
              onInput={({ currentTarget }) => setSmoothing(currentTarget.valueAsNumber)}
            />
          </label>
          <label>
            <input
              type="checkbox"
              checked={isLogarithmic}
              onChange={({ currentTarget }) => setLogarithmic(currentTarget.checked)}
            />{' '}
            logarithmic
          </label>
        </p>
      )}
      <div class="charts">
        {charts.map((chart) => (
          <Chart key={chart.title} {...chart} {...{ smoothing, isLogarithmic }} />
        ))}
      </div>
    </>
  );
}

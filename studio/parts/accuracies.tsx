import type { AccuracyView, ArchitectureView, SetView } from '../../src/studio/view.js';
import { accuracyText, intervalText, setTitle } from './format.js';
import { Scroll } from './scroll.js';

/** Accuracies of networks trained on each set, as bars with their 95 % intervals and as numbers. */
export function Accuracies({
  sets,
  evaluatedOn,
}: {
  readonly sets: readonly SetView[];
  readonly evaluatedOn: string | undefined;
}) {
  return (
    <Scroll label="Accuracies">
      <table class="accuracies">
        <caption>
          Accuracy in percent on the {evaluatedOn === 'validation' ? 'held-out' : 'test'} images;
          the bar's line is the 95 % interval of the mean
        </caption>
        <thead>
          <tr>
            <th scope="col">trained on</th>
            <BarHeading />
            <th scope="col">accuracy</th>
            <th scope="col">95 % interval</th>
            <th scope="col">n</th>
            <th scope="col">over</th>
            <th scope="col">top five</th>
            <th scope="col">calibration error</th>
          </tr>
        </thead>
        <tbody>
          {sets.map((set) => (
            <tr key={set.name} class={set.name === 'distilled' ? 'own' : undefined}>
              <th scope="row">{setTitle(set.name)}</th>
              <td>
                <Bar {...set} />
              </td>
              <td>{accuracyText(set)}</td>
              <td>{intervalText(set)}</td>
              <td>{set.n}</td>
              <td>{set.over}</td>
              <td>{set.topFive?.mean.toFixed(2) ?? '–'}</td>
              <td>{set.calibrationError?.mean.toFixed(2) ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Of a column of bars: for those who do not see them. */
export function BarHeading() {
  return (
    <th scope="col">
      <span class="hidden">bar</span>
    </th>
  );
}

/** From 0 to 100 %, with the interval as a line over its end. */
export function Bar({ mean, interval95 }: Pick<AccuracyView, 'mean' | 'interval95'>) {
  const [low, high] = interval95 ?? [mean, mean];
  const within = (value: number): number => Math.min(100, Math.max(0, value));
  return (
    <span class="bar" aria-hidden="true">
      <span class="bar-value" style={{ width: `${within(mean)}%` }} />
      {interval95 && (
        <span
          class="bar-interval"
          style={{ left: `${within(low)}%`, width: `${within(high) - within(low)}%` }}
        />
      )}
    </span>
  );
}

/** The set under other architectures than its own, beside random real images. */
export function Architectures({ rows }: { readonly rows: readonly ArchitectureView[] }) {
  return (
    <Scroll label="Other networks">
      <table>
        <thead>
          <tr>
            <th scope="col">network</th>
            <BarHeading />
            <th scope="col">distilled (%)</th>
            <th scope="col">random real (%)</th>
            <th scope="col">n</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, set, random, advice }) => (
            <tr key={name}>
              <th scope="row" title={advice}>
                {name}
                {advice !== undefined && ' *'}
              </th>
              <td>
                <Bar {...set} />
              </td>
              <td>{accuracyText(set)}</td>
              <td>{accuracyText(random)}</td>
              <td>{set.n}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.map(
        ({ name, advice }) =>
          advice !== undefined && (
            <p key={name} class="quiet">
              * {advice}
            </p>
          ),
      )}
    </Scroll>
  );
}

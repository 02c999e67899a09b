import { useState } from 'preact/hooks';
import type { RunSummary } from '../../src/studio/view.js';
import { accuracyText, subjectOf, timeText } from '../parts/format.js';
import { Progress, State } from '../parts/headline.js';
import { Scroll } from '../parts/scroll.js';
import { useRuns } from './api.js';
import { Disconnected } from './disconnected.js';
import { addressOf } from './route.js';
import { StartRun } from './start-run.js';

/** All runs of the folder; some of them can be chosen to be compared. */
export function Runs({ presets }: { readonly presets: readonly string[] | undefined }) {
  const { value: runs, isConnected } = useRuns();
  const [wanted, setWanted] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const toggle = (name: string): void =>
    setChosen(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  const shown = runs?.filter((run) =>
    `${run.name} ${run.state} ${subjectOf(run)}`.toLowerCase().includes(wanted.toLowerCase()),
  );
  return (
    <>
      <h1>Runs</h1>
      <Disconnected isConnected={isConnected} />
      <p class="controls">
        <label>
          Search{' '}
          <input
            type="search"
            value={wanted}
            onInput={({ currentTarget }) => setWanted(currentTarget.value)}
          />
        </label>
        <button
          type="button"
          disabled={chosen.length < 2}
          onClick={() => {
            location.hash = addressOf(chosen);
          }}
        >
          Compare{chosen.length > 0 && ` ${chosen.length}`}
        </button>
        {presets && <StartRun presets={presets} taken={runs?.map(({ name }) => name) ?? []} />}
      </p>
      {shown === undefined ? (
        <p class="quiet">Reading the runs …</p>
      ) : shown.length === 0 ? (
        <p class="quiet">
          {wanted === ''
            ? 'There is no run yet. `ncfm run digits` makes one.'
            : 'None of this kind.'}
        </p>
      ) : (
        <section>
          <Scroll label="Runs">
            <table class="runs">
              <thead>
                <tr>
                  <th scope="col">
                    <span class="hidden">choose</span>
                  </th>
                  <th scope="col">run</th>
                  <th scope="col">state</th>
                  <th scope="col">what</th>
                  <th scope="col">accuracy (%)</th>
                  <th scope="col">begun</th>
                </tr>
              </thead>
              <tbody>
                {shown.map((run) => (
                  <Row
                    key={run.name}
                    run={run}
                    isChosen={chosen.includes(run.name)}
                    onToggle={() => toggle(run.name)}
                  />
                ))}
              </tbody>
            </table>
          </Scroll>
        </section>
      )}
    </>
  );
}

interface RowProps {
  readonly run: RunSummary;
  readonly isChosen: boolean;
  readonly onToggle: () => void;
}

function Row({ run, isChosen, onToggle }: RowProps) {
  const { name, state, message, accuracy, began } = run;
  return (
    <tr>
      <td>
        <input
          type="checkbox"
          checked={isChosen}
          onChange={onToggle}
          aria-label={`Choose ${name} for a comparison`}
        />
      </td>
      <th scope="row">
        <a href={addressOf([name])}>{name}</a>
      </th>
      <td>
        <State state={state} /> <Progress run={run} />
        {message !== undefined && (
          <span class={state === 'failed' ? 'message' : 'quiet'}> {message}</span>
        )}
      </td>
      <td>{subjectOf(run)}</td>
      <td>{accuracy ? accuracyText(accuracy) : '–'}</td>
      <td class="quiet">{timeText(began)}</td>
    </tr>
  );
}

import type { RunView } from '../src/studio/view.js';
import { Bar, BarHeading } from './parts/accuracies.js';
import { Charts } from './parts/charts.js';
import { accuracyText, intervalText, subjectOf } from './parts/format.js';
import { Headline, State } from './parts/headline.js';
import { Grid } from './parts/images.js';
import { MethodRows } from './parts/method-rows.js';
import { Scroll } from './parts/scroll.js';
import { Section } from './parts/section.js';
import { settingsThatDiffer } from './parts/settings-that-differ.js';

/** Several runs beside each other: accuracies, images, curves, and where their configurations differ. */
export function Comparison({ runs }: { readonly runs: readonly RunView[] }) {
  const whole = runs.find(({ task }) => task === 'compare');
  const members = runs.filter((run) => run !== whole);
  return (
    <article class="comparison">
      {whole ? <Headline run={whole} /> : <h1>{members.length} runs compared</h1>}
      {whole && whole.methodRows.length > 0 && (
        <Section title="Methods">
          <MethodRows rows={whole.methodRows} />
        </Section>
      )}
      {whole?.figures.map(({ title, src }) => (
        <Section key={title} title="Accuracy against time">
          <img class="figure" src={src} alt={`Chart: ${title}`} />
        </Section>
      ))}
      {!whole && (
        <Section title="Accuracy">
          <RunTable runs={members} />
        </Section>
      )}
      <Section title="Images">
        <div class="beside">
          {members.map(({ name, snapshots, classes }) => {
            const last = snapshots.at(-1);
            return (
              <figure key={name}>
                <figcaption>{name}</figcaption>
                {last ? <Grid snapshot={last} classes={classes} /> : <p class="quiet">none yet</p>}
              </figure>
            );
          })}
        </div>
      </Section>
      <Curves runs={members} />
      <Differences runs={members} />
    </article>
  );
}

function RunTable({ runs }: { readonly runs: readonly RunView[] }) {
  return (
    <Scroll label="Runs">
      <table class="accuracies">
        <thead>
          <tr>
            <th scope="col">run</th>
            <th scope="col">state</th>
            <th scope="col">what</th>
            <BarHeading />
            <th scope="col">accuracy (%)</th>
            <th scope="col">95 % interval</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.name}>
              <th scope="row">{run.name}</th>
              <td>
                <State state={run.state} />
              </td>
              <td>{subjectOf(run)}</td>
              <td>{run.accuracy && <Bar {...run.accuracy} />}</td>
              <td>{run.accuracy ? accuracyText(run.accuracy) : '–'}</td>
              <td>{run.accuracy ? intervalText(run.accuracy) : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Curves of the same name over each other. */
function Curves({ runs }: { readonly runs: readonly RunView[] }) {
  const titles = new Set(runs.flatMap(({ curves }) => curves.map(({ title }) => title)));
  const charts = [...titles].map((title) => {
    const found = runs.flatMap(({ name, curves }) =>
      curves
        .filter((chart) => chart.title === title)
        .flatMap(({ series }) => series.map(({ points }) => ({ name, points }))),
    );
    return { title, xLabel: 'iteration', yLabel: title, series: found };
  });
  if (charts.length === 0) return null;
  return (
    <Section title="Distillation">
      <Charts charts={charts} hasControls />
    </Section>
  );
}

function Differences({ runs }: { readonly runs: readonly RunView[] }) {
  const rows = settingsThatDiffer(runs.map(({ settings }) => settings));
  return (
    <Section title="Settings that differ">
      {rows.length === 0 ? (
        <p class="quiet">None: the configurations are the same.</p>
      ) : (
        <Scroll label="Settings that differ">
          <table class="differences">
            <thead>
              <tr>
                <th scope="col">setting</th>
                {runs.map(({ name }) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ key, values }) => (
                <tr key={key}>
                  <th scope="row">{key}</th>
                  {values.map((value, index) => (
                    <td key={runs[index]?.name}>{value ?? '–'}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Section>
  );
}

import type { ComponentChildren } from 'preact';
import type { RunView } from '../src/studio/view.js';
import { Accuracies, Architectures } from './parts/accuracies.js';
import { Charts } from './parts/charts.js';
import { Classes } from './parts/classes.js';
import { Facts, NextSteps, Notes } from './parts/facts.js';
import { Headline } from './parts/headline.js';
import { Images } from './parts/images.js';
import { MethodRows } from './parts/method-rows.js';
import { Section } from './parts/section.js';
import { Stages } from './parts/stages.js';

/** All that is known of one run. */
export function RunPage({
  run,
  children,
}: {
  readonly run: RunView;
  readonly children?: ComponentChildren;
}) {
  const { name, sets, curves, training, system, stages, settings, provenance } = run;
  return (
    <article class="run" id={`run-${name}`}>
      <Headline run={run}>{children}</Headline>
      <Notes notes={run.notes} />
      {run.methodRows.length > 0 && (
        <Section title="Methods">
          <MethodRows rows={run.methodRows} />
        </Section>
      )}
      {run.snapshots.length > 0 && (
        <Section title="Images">
          <Images run={run} />
        </Section>
      )}
      {sets.length > 0 && (
        <Section title="What networks learn from them">
          <Accuracies sets={sets} evaluatedOn={run.evaluatedOn} />
        </Section>
      )}
      {curves.length > 0 && (
        <Section title="Distillation">
          <Charts charts={curves} hasControls />
        </Section>
      )}
      <Classes sets={sets} classes={run.classes} />
      {run.architectures.length > 0 && (
        <Section title="Other networks on the same images">
          <Architectures rows={run.architectures} />
        </Section>
      )}
      {run.figures.map(({ title, src }) => (
        <Section key={title} title={title}>
          <img class="figure" src={src} alt={`Chart: ${title}`} />
        </Section>
      ))}
      {run.next.length > 0 && (
        <Section title="What to do next">
          <NextSteps steps={run.next} />
        </Section>
      )}
      {training.length > 0 && (
        <Section title="Networks">
          <Charts charts={training} />
        </Section>
      )}
      {(stages.length > 0 || system.length > 0) && (
        <Section title="Time and memory">
          <Stages stages={stages} />
          <Charts charts={system} />
        </Section>
      )}
      {provenance.length > 0 && (
        <Section title="Where the numbers come from">
          <Facts facts={provenance} />
        </Section>
      )}
      {settings.length > 0 && (
        <Section title="Settings">
          <Facts facts={settings} isFiltered />
        </Section>
      )}
    </article>
  );
}

import type { ReportData } from '../src/studio/view.js';
import { Comparison } from './comparison.js';
import { RunPage } from './run-page.js';

/** A report: one run, or several beside each other with each of them below. */
export function Report({ data: { runs, version } }: { readonly data: ReportData }) {
  const [first, ...others] = runs;
  if (first === undefined) return <main>There is no run.</main>;
  return (
    <>
      <main>
        {others.length === 0 ? (
          <RunPage run={first} />
        ) : (
          <>
            <Comparison runs={runs} />
            {runs
              .filter(({ task }) => task !== 'compare')
              .map((run) => (
                <details key={run.name} class="member">
                  <summary>{run.name}</summary>
                  <RunPage run={run} />
                </details>
              ))}
          </>
        )}
      </main>
      <footer>Made by ncfm {version}. This file holds all that it shows.</footer>
    </>
  );
}

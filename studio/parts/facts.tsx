import { useState } from 'preact/hooks';
import type { Fact, NextStep, Note } from '../../src/studio/view.js';

/** Names and values; many of them can be searched. */
export function Facts({
  facts,
  isFiltered = false,
}: {
  readonly facts: readonly Fact[];
  readonly isFiltered?: boolean;
}) {
  const [wanted, setWanted] = useState('');
  const shown = facts.filter(({ key, value }) =>
    `${key} ${value}`.toLowerCase().includes(wanted.toLowerCase()),
  );
  return (
    <>
      {isFiltered && (
        <label class="filter no-print">
          Search settings{' '}
          <input
            type="search"
            value={wanted}
            onInput={({ currentTarget }) => setWanted(currentTarget.value)}
          />
        </label>
      )}
      <dl class="facts">
        {shown.map(({ key, value }) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

export function Notes({ notes }: { readonly notes: readonly Note[] }) {
  if (notes.length === 0) return null;
  return (
    <ul class="notes">
      {notes.map(({ tone, text }) => (
        <li key={text} class={`note-${tone}`}>
          {tone === 'warning' && <strong>Warning: </strong>}
          {text}
        </li>
      ))}
    </ul>
  );
}

export function NextSteps({ steps }: { readonly steps: readonly NextStep[] }) {
  return (
    <dl class="steps">
      {steps.map(({ title, command }) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>
            <code>{command}</code>
          </dd>
        </div>
      ))}
    </dl>
  );
}

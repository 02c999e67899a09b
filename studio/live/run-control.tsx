import { useState } from 'preact/hooks';
import type { RunSummary } from '../../src/studio/view.js';
import { ask } from './api.js';

/** Stops a run that works, and lets one that does not go on. */
export function RunControl({ run: { name, state } }: { readonly run: RunSummary }) {
  const [message, setMessage] = useState('');
  const act = async (what: string, meanwhile: string): Promise<void> => {
    setMessage(meanwhile);
    try {
      await ask(what, { name });
    } catch (error) {
      setMessage((error as Error).message);
    }
  };
  const isRunning = state === 'running';
  if (state === 'done') return null;
  return (
    <p class="controls no-print">
      {isRunning ? (
        <button
          type="button"
          onClick={() => act('stop', 'Stops after this step; what is done is kept.')}
        >
          Stop
        </button>
      ) : (
        <button type="button" class="primary" onClick={() => act('resume', 'Going on …')}>
          Resume
        </button>
      )}
      <span role="status" class="quiet">
        {message}
      </span>
    </p>
  );
}

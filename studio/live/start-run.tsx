import { useRef, useState } from 'preact/hooks';
import { ask } from './api.js';
import { addressOf } from './route.js';

interface StartRunProps {
  readonly presets: readonly string[];
  /** Names that runs have already. */
  readonly taken: readonly string[];
}

type Step =
  | { readonly kind: 'choose' }
  | { readonly kind: 'work'; readonly what: string }
  | { readonly kind: 'planned'; readonly text: string }
  | { readonly kind: 'failed'; readonly message: string };

/** Starts a preset, once it has been told how long that takes here and how much memory. */
export function StartRun({ presets, taken }: StartRunProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [preset, setPreset] = useState('digits');
  const [name, setName] = useState('');
  const [step, setStep] = useState<Step>({ kind: 'choose' });
  const asked = name === '' ? preset : name;
  const isTaken = taken.includes(asked);
  const attempt = async (what: string, work: () => Promise<Step>): Promise<void> => {
    setStep({ kind: 'work', what });
    try {
      setStep(await work());
    } catch (error) {
      setStep({ kind: 'failed', message: (error as Error).message });
    }
  };
  const plan = () =>
    attempt('Measuring a little of each stage …', async () => {
      const { text } = await ask<{ text: string }>('plan', { preset });
      return { kind: 'planned', text };
    });
  const start = () =>
    attempt('Starting …', async () => {
      await ask('start', { preset, name: asked });
      dialog.current?.close();
      location.hash = addressOf([asked]);
      return { kind: 'choose' };
    });
  return (
    <>
      <button type="button" class="primary" onClick={() => dialog.current?.showModal()}>
        Start a run
      </button>
      <dialog ref={dialog} aria-label="Start a run">
        <form
          class="enlarged"
          onSubmit={(event) => {
            event.preventDefault();
            if (step.kind === 'planned') start();
            else plan();
          }}
        >
          <header>
            <h3>Start a run</h3>
            <button type="button" onClick={() => dialog.current?.close()}>
              Close
            </button>
          </header>
          <p class="controls">
            <label>
              Preset{' '}
              <select
                value={preset}
                onChange={({ currentTarget }) => {
                  setPreset(currentTarget.value);
                  setStep({ kind: 'choose' });
                }}
              >
                {presets.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </select>
            </label>
            <label>
              Name{' '}
              <input
                type="text"
                value={name}
                placeholder={preset}
                pattern="[A-Za-z0-9][A-Za-z0-9._\-]*"
                onInput={({ currentTarget }) => setName(currentTarget.value)}
              />
            </label>
          </p>
          {isTaken && <p class="message">There is a run of this name; choose another.</p>}
          <div role="status">
            {step.kind === 'work' && <p class="quiet">{step.what}</p>}
            {step.kind === 'planned' && <pre>{step.text}</pre>}
            {step.kind === 'failed' && <p class="message">{step.message}</p>}
          </div>
          <p class="controls">
            <button type="submit" class="primary" disabled={isTaken || step.kind === 'work'}>
              {step.kind === 'planned' ? 'Start' : 'Plan first'}
            </button>
          </p>
        </form>
      </dialog>
    </>
  );
}

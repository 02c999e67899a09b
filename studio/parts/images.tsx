import { useEffect, useState } from 'preact/hooks';
import type { RunView, SnapshotView } from '../../src/studio/view.js';
import { ImageDialog } from './image-dialog.js';
import { Scroll } from './scroll.js';

/** Columns up to which the first snapshot has room beside the one that is shown. */
const mostBeside = 10;

/** The images over the iterations: a slider chooses the iteration, a click enlarges an image. */
export function Images({ run }: { readonly run: RunView }) {
  const { snapshots, classes } = run;
  const last = snapshots.length - 1;
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  const [enlarged, setEnlarged] = useState<number | undefined>(undefined);
  const [isPlaying, setPlaying] = useState(false);
  // Unless one was chosen the newest is shown, so that a run under way can be watched.
  const at = Math.min(chosen ?? last, last);
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setInterval(() => setChosen((now) => ((now ?? last) + 1) % (last + 1)), 400);
    return () => clearInterval(timer);
  }, [isPlaying, last]);
  const [first] = snapshots;
  const shown = snapshots[at];
  if (shown === undefined) return null;
  return (
    <>
      {last > 0 && (
        <p class="controls no-print">
          <button type="button" onClick={() => setPlaying(!isPlaying)}>
            {isPlaying ? 'Pause' : 'Play'}
          </button>
          <label class="scrubber">
            <span>Iteration {shown.iteration.toLocaleString('en-US')}</span>
            <input
              type="range"
              min={0}
              max={last}
              value={at}
              aria-valuetext={`iteration ${shown.iteration}`}
              onInput={({ currentTarget: { valueAsNumber } }) => {
                setPlaying(false);
                setChosen(valueAsNumber === last ? undefined : valueAsNumber);
              }}
            />
          </label>
        </p>
      )}
      <div class="beside">
        <figure>
          <figcaption class="quiet">iteration {shown.iteration.toLocaleString('en-US')}</figcaption>
          <Grid snapshot={shown} classes={classes} onChoose={setEnlarged} />
        </figure>
        {first !== undefined && last > 0 && first.columns <= mostBeside && (
          <figure>
            <figcaption class="quiet">
              for comparison: iteration {first.iteration.toLocaleString('en-US')}
            </figcaption>
            <Grid snapshot={first} classes={[]} />
          </figure>
        )}
      </div>
      {enlarged !== undefined && (
        <ImageDialog
          run={run}
          index={enlarged}
          snapshot={shown}
          onMove={setEnlarged}
          onClose={() => setEnlarged(undefined)}
        />
      )}
    </>
  );
}

interface GridProps {
  readonly snapshot: SnapshotView;
  readonly classes: readonly string[];
  readonly onChoose?: (index: number) => void;
}

/** One picture of all images; with `onChoose` each of them is a button over it. */
export function Grid({ snapshot, classes, onChoose }: GridProps) {
  const { src, columns, count, width, height, iteration } = snapshot;
  const rows = Math.ceil(count / columns);
  const isWhole = count === 1;
  const side = isWhole ? width : Math.max(26, Math.min(64, Math.floor(440 / columns)));
  const size = { width: side * columns, height: ((side * height) / width) * rows };
  const nameOf = (index: number): string =>
    `${classes[Math.floor(index / columns)] ?? 'image'} ${(index % columns) + 1}`;
  return (
    <Scroll label="Images" isTall>
      <div class="grid">
        {classes.length === rows && !isWhole && (
          <div class="grid-labels" style={{ height: `${size.height}px` }}>
            {classes.map((name) => (
              <span key={name}>{name}</span>
            ))}
          </div>
        )}
        <div class="grid-picture" style={{ width: `${size.width}px`, height: `${size.height}px` }}>
          <img src={src} alt={`${count} images at iteration ${iteration}`} />
          {!isWhole && (
            <div class="grid-cells" style={{ gridTemplateColumns: `repeat(${columns}, 1fr)` }}>
              {Array.from({ length: count }, (_, index) =>
                onChoose ? (
                  <button
                    key={nameOf(index)}
                    type="button"
                    title={nameOf(index)}
                    aria-label={`Enlarge ${nameOf(index)}`}
                    onClick={() => onChoose(index)}
                  />
                ) : (
                  <span key={nameOf(index)} />
                ),
              )}
            </div>
          )}
        </div>
      </div>
    </Scroll>
  );
}

import { useEffect, useRef } from 'preact/hooks';
import type { NearestView, RunView, SnapshotView } from '../../src/studio/view.js';
import { Crop, wholeOf } from './crop.js';

interface DialogProps {
  readonly run: RunView;
  readonly index: number;
  readonly snapshot: SnapshotView;
  readonly onMove: (index: number) => void;
  readonly onClose: () => void;
}

/** Moments of an image's change that are shown beside each other at most. */
const mostMoments = 8;

/** One image, large: the tiles that networks are trained on, and how it has changed. */
export function ImageDialog({ run, index, snapshot, onMove, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const { columns, count, iteration } = snapshot;
  const name = run.classes[Math.floor(index / columns)] ?? '';
  const title = `${name}, image ${(index % columns) + 1} of ${columns}`;
  const move = (step: number): void => onMove((index + step + count) % count);
  return (
    <dialog
      ref={dialog}
      aria-label={title}
      onClose={onClose}
      onKeyDown={({ key }) => {
        if (key === 'ArrowRight') move(1);
        if (key === 'ArrowLeft') move(-1);
      }}
      onClick={({ target, currentTarget }) => target === currentTarget && onClose()}
    >
      <div class="enlarged">
        <header>
          <h3>{title}</h3>
          <button type="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </header>
        <Crop snapshot={snapshot} area={wholeOf(snapshot, index)} side={288} label={title} />
        <p class="quiet">As it is stored, iteration {iteration.toLocaleString('en-US')}</p>
        <Tiles snapshot={snapshot} index={index} factor={run.factor} />
        {snapshot === run.snapshots.at(-1) && <Nearest nearest={run.nearest} index={index} />}
        <Moments snapshots={run.snapshots} index={index} />
        <p class="controls">
          <button type="button" onClick={() => move(-1)}>
            Previous
          </button>
          <button type="button" onClick={() => move(1)}>
            Next
          </button>
        </p>
      </div>
    </dialog>
  );
}

interface TilesProps {
  readonly snapshot: SnapshotView;
  readonly index: number;
  readonly factor: number;
}

/** The parts of a stored image, each of them a training image once it is enlarged. */
function Tiles({ snapshot, index, factor }: TilesProps) {
  if (factor < 2) return null;
  const { x, y, width, height } = wholeOf(snapshot, index);
  const [wide, high] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const tiles = Array.from({ length: factor ** 2 }, (_, tile) => {
    const [left, top] = [(tile % factor) * wide, Math.floor(tile / factor) * high];
    const size = { width: Math.min(wide, width - left), height: Math.min(high, height - top) };
    return { x: x + left, y: y + top, ...size };
  });
  return (
    <>
      <p class="quiet">Decoded: {tiles.length} training images</p>
      <div class="crops">
        {tiles.map((area, tile) => (
          <Crop
            key={`${area.x}, ${area.y}`}
            {...{ snapshot, area }}
            side={72}
            isSmooth
            label={`tile ${tile + 1}`}
          />
        ))}
      </div>
    </>
  );
}

/** Real images that the decoded ones are nearest to, in the order of these. */
function Nearest({
  nearest,
  index,
}: {
  readonly nearest: NearestView | undefined;
  readonly index: number;
}) {
  if (nearest === undefined) return null;
  const { tiles, distances } = nearest;
  const own = Array.from({ length: tiles }, (_, tile) => index * tiles + tile);
  return (
    <>
      <p class="quiet">Nearest real {tiles === 1 ? 'image' : 'images'} of the class, by pixels</p>
      <div class="crops">
        {own.map((at) => (
          <figure key={at}>
            <Crop
              snapshot={nearest}
              area={wholeOf(nearest, at)}
              side={72}
              isSmooth
              label={`nearest real image ${at - own[0]! + 1}`}
            />
            <figcaption title="root mean squared difference of pixels in 0 to 1">
              {distances[at]?.toFixed(3)}
            </figcaption>
          </figure>
        ))}
      </div>
    </>
  );
}

function Moments({
  snapshots,
  index,
}: {
  readonly snapshots: readonly SnapshotView[];
  readonly index: number;
}) {
  if (snapshots.length < 2) return null;
  const count = Math.min(mostMoments, snapshots.length);
  const step = (snapshots.length - 1) / (count - 1);
  const moments = Array.from({ length: count }, (_, at) => snapshots[Math.round(at * step)]!);
  return (
    <>
      <p class="quiet">How it has changed</p>
      <div class="crops">
        {moments.map((snapshot) => (
          <figure key={snapshot.iteration}>
            <Crop
              snapshot={snapshot}
              area={wholeOf(snapshot, index)}
              side={64}
              label={`iteration ${snapshot.iteration}`}
            />
            <figcaption>{snapshot.iteration.toLocaleString('en-US')}</figcaption>
          </figure>
        ))}
      </div>
    </>
  );
}

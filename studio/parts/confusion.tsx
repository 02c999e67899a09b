import { useEffect, useRef } from 'preact/hooks';
import { Scroll } from './scroll.js';

/** Classes up to which the matrix is a table of numbers. */
const mostNumbers = 20;
/** Pairs that are named. */
const pairsNamed = 8;

interface ConfusionProps {
  readonly counts: readonly (readonly number[])[];
  readonly nameOf: (index: number) => string;
}

/** Which classes are taken for which: as a table, of many classes as a picture; and the most frequent mistakes. */
export function Confusion({ counts, nameOf }: ConfusionProps) {
  const shares = counts.map((row) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    return row.map((count) => (all === 0 ? 0 : count / all));
  });
  const mistakes = shares
    .flatMap((row, from) => row.map((share, to) => ({ from, to, share })))
    .filter(({ from, to, share }) => from !== to && share > 0)
    .sort((a, b) => b.share - a.share)
    .slice(0, pairsNamed);
  return (
    <>
      <h3>Confusion</h3>
      {counts.length <= mostNumbers ? (
        <Matrix shares={shares} nameOf={nameOf} />
      ) : (
        <Picture shares={shares} />
      )}
      {mistakes.length > 0 && (
        <p class="quiet">
          Most often wrong:{' '}
          {mistakes
            .map(
              ({ from, to, share }) =>
                `${nameOf(from)} taken for ${nameOf(to)} (${(100 * share).toFixed(1)} %)`,
            )
            .join(', ')}
        </p>
      )}
    </>
  );
}

interface SharesProps {
  readonly shares: readonly (readonly number[])[];
}

function Matrix({ shares, nameOf }: SharesProps & Pick<ConfusionProps, 'nameOf'>) {
  return (
    <Scroll label="Confusion matrix">
      <table class="confusion">
        <caption>Percent of each class (row) that is taken for a class (column)</caption>
        <thead>
          <tr>
            <td />
            {shares.map((_, to) => (
              <th key={nameOf(to)} scope="col">
                <span>{nameOf(to)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shares.map((row, from) => (
            <tr key={nameOf(from)}>
              <th scope="row">{nameOf(from)}</th>
              {row.map((share, to) => (
                <td
                  key={nameOf(to)}
                  class={from === to ? 'right' : 'wrong'}
                  style={{ '--share': share.toFixed(3) }}
                >
                  {share === 0 ? '' : (100 * share).toFixed(share < 0.1 ? 1 : 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Pixels of the picture to a class. */
const pixels = 4;

function Picture({ shares }: SharesProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const side = shares.length * pixels;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, side, side);
    for (const [from, row] of shares.entries()) {
      for (const [to, share] of row.entries()) {
        const colour = from === to ? '0, 114, 178' : '213, 94, 0';
        // The root lets rare mistakes be seen.
        context.fillStyle = `rgba(${colour}, ${Math.sqrt(share)})`;
        context.fillRect(to * pixels, from * pixels, pixels, pixels);
      }
    }
  }, [shares, side]);
  return (
    <canvas
      ref={canvas}
      class="confusion-picture"
      width={side}
      height={side}
      role="img"
      aria-label="Confusion matrix: rows are classes, columns what they are taken for"
    />
  );
}

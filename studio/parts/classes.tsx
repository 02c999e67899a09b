import type { SetView } from '../../src/studio/view.js';
import { BarHeading } from './accuracies.js';
import { Confusion } from './confusion.js';
import { setTitle } from './format.js';
import { Scroll } from './scroll.js';
import { Section } from './section.js';

/** What each class came to, and which are taken for which, of the distilled set or the last one there is. */
export function Classes({
  sets,
  classes,
}: {
  readonly sets: readonly SetView[];
  readonly classes: readonly string[];
}) {
  const measured = sets.filter(({ perClass }) => perClass !== undefined);
  const own = measured.find(({ name }) => name === 'distilled') ?? measured.at(-1);
  if (own?.perClass === undefined || own.confusion === undefined) return null;
  const nameOf = (index: number): string => classes[index] ?? String(index);
  return (
    <Section title="Classes">
      <Scroll label="Accuracy of each class">
        <table class="per-class">
          <caption>Accuracy of each class in percent, all networks together</caption>
          <thead>
            <tr>
              <th scope="col">class</th>
              <BarHeading />
              {measured.map(({ name }) => (
                <th key={name} scope="col">
                  {setTitle(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {own.perClass.map((value, index) => (
              <tr key={nameOf(index)}>
                <th scope="row">{nameOf(index)}</th>
                <td>
                  <span class="bar" aria-hidden="true">
                    <span class="bar-value" style={{ width: `${value ?? 0}%` }} />
                  </span>
                </td>
                {measured.map(({ name, perClass }) => (
                  <td key={name}>{perClass?.[index]?.toFixed(1) ?? '–'}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <Confusion counts={own.confusion} nameOf={nameOf} />
    </Section>
  );
}

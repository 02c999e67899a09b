import { formatDuration } from '../../src/core/progress.js';
import { formatSize } from '../../src/core/size.js';
import type { MethodRowView } from '../../src/studio/view.js';
import { Bar, BarHeading } from './accuracies.js';
import { accuracyText, intervalText } from './format.js';
import { Scroll } from './scroll.js';

/** Methods under one evaluation. */
export function MethodRows({ rows }: { readonly rows: readonly MethodRowView[] }) {
  const seconds = (value: number | null | undefined): string =>
    value === undefined || value === null ? '–' : formatDuration(value);
  return (
    <Scroll label="Methods">
      <table class="accuracies">
        <thead>
          <tr>
            <th scope="col">method</th>
            <BarHeading />
            <th scope="col">accuracy (%)</th>
            <th scope="col">95 % interval</th>
            <th scope="col">iterations</th>
            <th scope="col">pretraining</th>
            <th scope="col">distilling</th>
            <th scope="col">memory</th>
            <th scope="col">size</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ title, accuracy, error, ...row }) => (
            <tr key={title}>
              <th scope="row">{title}</th>
              {accuracy ? (
                <>
                  <td>
                    <Bar {...accuracy} />
                  </td>
                  <td>{accuracyText(accuracy)}</td>
                  <td>{intervalText(accuracy)}</td>
                  <td>{row.iterations}</td>
                  <td>{seconds(row.pretrain)}</td>
                  <td>{seconds(row.distill)}</td>
                  <td>{row.peak ? formatSize(row.peak) : '–'}</td>
                  <td>{row.bytes === undefined ? '–' : formatSize(row.bytes)}</td>
                </>
              ) : (
                <td colSpan={8} class="message">
                  {error}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

import { formatDuration } from '../../src/core/progress.js';
import { formatSize } from '../../src/core/size.js';
import type { StageView } from '../../src/studio/view.js';

/** How long each stage of a run took, and how much memory. */
export function Stages({ stages }: { readonly stages: readonly StageView[] }) {
  if (stages.length === 0) return null;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">stage</th>
          <th scope="col">time</th>
          <th scope="col">memory at most</th>
        </tr>
      </thead>
      <tbody>
        {stages.map(({ name, seconds, peak }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{formatDuration(seconds)}</td>
            <td>{peak === undefined ? '–' : formatSize(peak)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

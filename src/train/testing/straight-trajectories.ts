import { flatten } from '../../nn/index.js';
import { scope } from '../../tensor/index.js';
import type { TrainedPair } from '../extractors.js';
import type { Trajectories } from '../trajectories.js';

/** From each network's first parameters to its last, in so many equal parts. */
export function straightTrajectories(pairs: readonly TrainedPair[], parts: number): Trajectories {
  return {
    experts: pairs.length,
    parts,
    hash: 'straight',
    row: (expert, part) =>
      scope(() => {
        const { initial, trained } = pairs[expert]!;
        return flatten([...initial.values()]).lerp(flatten([...trained.values()]), part / parts);
      }),
  };
}

import { UsageError } from '../../core/index.js';
import {
  noGrad,
  type RandomGenerator,
  scope,
  type Tensor,
  tensor,
  toDeviceOf,
} from '../../tensor/index.js';

/**
 * Splits the rows of `features` [n, d] into `parts` clusters of (nearly) equal size by recursive halving: rows are
 * ordered along the leading principal direction of their features and cut in proportion to the parts on either side.
 * Neighbouring clusters are neighbours in this order, so that runs of them make coarser groups of similar images.
 *
 * @param rows the numbers the clusters are made of, one per row of `features`
 * @param runs lengths of the runs of clusters that make coarser groups. Cuts fall between runs as long as a run divides
 *   the parts at hand, so that the groups are nodes of the tree of halves too, where each run is a multiple of the next
 * @returns `parts` arrays that partition `rows`. Throws UsageError when there are fewer rows than parts.
 */
export function stratify(
  features: Tensor,
  rows: Int32Array,
  parts: number,
  random: RandomGenerator,
  runs: readonly number[] = [],
): Int32Array[] {
  if (rows.length < parts) {
    throw new UsageError(
      `a class of ${rows.length} images cannot be split into ${parts} clusters, one per training image; use fewer images per class, a smaller formation factor or plain matching`,
    );
  }
  if (parts === 1) return [rows];
  const run = Math.max(1, ...runs.filter((length) => length < parts && parts % length === 0));
  const left = run * Math.floor(parts / run / 2);
  const cut = Math.round((rows.length * left) / parts);
  const order = scope(() => orderAlongPrincipalDirection(features, random));
  const halves = [
    { positions: order.subarray(0, cut), parts: left },
    { positions: order.subarray(cut), parts: parts - left },
  ];
  return halves.flatMap((half) => {
    using chosen = scope(() =>
      features.indexSelect(0, toDeviceOf(tensor(half.positions), features.device)),
    );
    const members = half.positions.map((position) => rows[position]!);
    return stratify(chosen, members, half.parts, random, runs);
  });
}

/** Draws what a split of features [n, dimension] into `parts` draws, for whoever does not split them. */
export function drawAsStratify(dimension: number, parts: number, random: RandomGenerator): void {
  for (let split = 1; split < parts; split++) random.normal([dimension, 1]).dispose();
}

/** Enough for an ordering: the direction's last digits move few rows across the cut. */
const powerIterations = 12;

/** Row positions in ascending order of their projection on the leading principal direction (power iteration). */
function orderAlongPrincipalDirection(features: Tensor, random: RandomGenerator): Int32Array {
  return noGrad(() => {
    const centered = features.sub(features.mean([0], true));
    let direction = random.normal([features.size(1), 1]);
    for (let iteration = 0; iteration < powerIterations; iteration++) {
      const next = centered.transpose(0, 1).matmul(centered.matmul(direction));
      direction = next.div(next.square().sum().add(1e-30).sqrt());
    }
    const projections = centered.matmul(direction).toFloat32Array();
    return Int32Array.from(projections.keys()).sort((a, b) => projections[a]! - projections[b]!);
  });
}

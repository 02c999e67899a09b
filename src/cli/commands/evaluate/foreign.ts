import { UsageError } from '../../../core/errors.js';
import type { DatasetPair } from '../../../data/index.js';
import type { OpenedSet, SetRequest } from '../../../pipeline/index.js';
import { resolvePlan } from '../../execute.js';
import type { Invocation } from '../../invocation.js';
import type { CacheOptions, PlanOptions } from '../../options.js';
import { watch } from '../../watch.js';

/** How a set that no run here has made is evaluated. */
export interface ForeignOptions extends PlanOptions, CacheOptions {
  /** A preset or a YAML file with the evaluation's settings. */
  readonly config?: string;
  readonly factor?: number;
  readonly normalized?: boolean;
}

/** Runs a task on a set of another project, tested on the data that `--data` names. */
export async function onForeignSet<T>(
  invocation: Invocation,
  path: string,
  options: ForeignOptions,
  task: (request: SetRequest) => Promise<T>,
): Promise<T> {
  if (options.data === undefined && options.config === undefined) {
    throw new UsageError(
      `${path} is no run directory. To evaluate a distilled set of another project, say which data it stands for with --data, for example --data fashion-mnist`,
    );
  }
  const { openDistilledSet, setToEvaluate } = await import('../../../exchange/index.js');
  const { plan } = await resolvePlan(options.config, options);
  const open = async ({ train }: DatasetPair): Promise<OpenedSet> => {
    const { normalization, shape } = train;
    const { factor } = options;
    using set = await openDistilledSet(path, {
      ...(factor !== undefined && { formation: { mode: 'single', factor } }),
      ...(options.normalized && { normalized: normalization }),
      channels: shape.channels as 1 | 3,
    });
    return setToEvaluate(set, train, plan.device);
  };
  return await watch(invocation, options, (watched) =>
    task({ plan, cache: options.cache, open, ...watched }),
  );
}

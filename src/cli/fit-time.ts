import { UsageError } from '../core/errors.js';
import type { FittedSetting } from '../pipeline/index.js';
import type { Plan } from '../plan/index.js';
import { describeFitted } from '../terminal/estimate.js';
import type { Invocation } from './invocation.js';
import type { CacheOptions, PlanOptions } from './options.js';
import { watch } from './watch.js';

type Options = PlanOptions & CacheOptions;

/**
 * Options under which a run fills the minutes that were asked for, as `--set` would have them; the user is told what was
 * chosen. As they are where no minutes were.
 */
export async function fitTime<Given extends Options>(
  invocation: Invocation,
  plan: Plan,
  options: Given,
): Promise<Given> {
  const { minutes, cache, set = [] } = options;
  if (minutes === undefined) return options;
  const { fitMinutes, fittedSettings } = await import('../pipeline/index.js');
  const keys = Object.values(fittedSettings);
  const given = new Set<FittedSetting>(keys.filter((key) => set.some((one) => sets(one, key))));
  const fitted = await watch(invocation, options, (watched) =>
    fitMinutes({ plan, minutes, given, cache, ...watched }),
  );
  invocation.tell(`${describeFitted(fitted)}\n`, options);
  return { ...options, set: [...set, ...fitted.settings] };
}

/** Throws UsageError where minutes were asked for and what there is to do is settled already. */
export function requireOpen({ minutes }: PlanOptions, settledBy: string | undefined): void {
  if (minutes === undefined || settledBy === undefined) return;
  throw new UsageError(`--minutes chooses the settings of a new run, and ${settledBy}`);
}

/** Whether an assignment, `model.width=64` or `model={ width: 64 }`, says something of a setting. */
function sets(assignment: string, key: string): boolean {
  const [path = ''] = assignment.split('=', 1);
  const own = path.trim();
  return own === key || own.startsWith(`${key}.`) || key.startsWith(`${own}.`);
}

import { canonicalJson, messageOf, UsageError } from '../core/index.js';
import type { DatasetPair } from '../data/index.js';
import { decodedPerClass } from '../distill/index.js';
import { trainingSteps } from '../evaluate/evaluate.js';
import type { Plan } from '../plan/plan.js';
import { type CheckOptions, checkPlan, loadParts, type Prepared, startEngine } from './prepare.js';

/** A method's plan in a comparison, and what its run starts from, or why it cannot run here. */
export type CheckedMethod = { readonly plan: Plan } & (
  | { readonly prepared: Prepared }
  | { readonly problem: string }
);

export interface CheckedMethods {
  readonly data: DatasetPair;
  readonly methods: readonly CheckedMethod[];
}

/**
 * Opens the data of plans that differ in how they distil alone, and checks each of them. Their networks are all trained for
 * the steps of the largest decoded set, so that an evaluation in epochs is the same for every method.
 *
 * @throws UsageError when the data cannot be opened, when networks would learn from other soft labels for each method, or
 *   when none of the plans can run, saying why each of them cannot
 */
export async function checkMethods(
  plans: readonly Plan[],
  options: Omit<CheckOptions, 'data' | 'stages'>,
): Promise<CheckedMethods> {
  const [first] = plans;
  if (first === undefined) throw new RangeError('there is no method');
  requireOneTeacher(plans);
  startEngine(first);
  const data = await loadParts(first.dataset, options);
  const steps = mostSteps(plans, data.train.classNames.length);
  const methods: CheckedMethod[] = [];
  for (const each of plans) {
    const plan = { ...each, evaluate: { ...each.evaluate, length: { steps } } };
    try {
      methods.push({ plan, prepared: await checkPlan(plan, { ...options, data }) });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      methods.push({ plan, problem: messageOf(error) });
    }
  }
  const problems = methods.flatMap((method) =>
    'problem' in method ? [`${method.plan.distill.method}: ${method.problem}`] : [],
  );
  if (problems.length === plans.length) throw new UsageError(problems.join('\n'));
  for (const message of problems) options.onEvent?.({ type: 'warning', message });
  return { data, methods };
}

function mostSteps(plans: readonly Plan[], classes: number): number {
  return Math.max(
    ...plans.map(({ evaluate, distill: { formation, imagesPerClass } }) =>
      trainingSteps(evaluate, classes * decodedPerClass(formation, imagesPerClass)),
    ),
  );
}

/** A teacher is trained as the pool is, which is some methods' own way. */
function requireOneTeacher(plans: readonly Plan[]): void {
  const { labels } = plans[0]!.evaluate;
  if (labels.mode === 'hard' || labels.teacher.kind === 'file') return;
  const usual = canonicalJson(plans[0]!.pretrain);
  const others = plans.filter(({ pretrain }) => canonicalJson(pretrain) !== usual);
  if (others.length === 0) return;
  const names = others.map(({ distill }) => distill.method).join(', ');
  throw new UsageError(
    `evaluate.labels.teacher: expected the same for every method; a teacher of kind ${labels.teacher.kind} is trained by the settings of pretrain, which ${names} has of its own beside ${plans[0]!.distill.method}. Give a file ({ kind: file, path }), or hard labels, or compare these methods apart.`,
  );
}

import { UsageError } from '../core/errors.js';
import { ownCores } from '../distributed/own-cores.js';
import type { Plan } from '../plan/plan.js';
import { planYaml } from '../plan/plan-yaml.js';
import { type Config, configSchema, type settingsSchema } from '../plan/schema/configuration.js';
import { contradictions } from './check.js';
import { importModules } from './imports.js';
import { type Layers, overDefaults, readLayers, usualName, without } from './layers.js';
import { mergeLayers, methodProblems } from './method-layers.js';
import { idleOverrides, overrideLayer, type PlanChanges } from './overrides.js';
import { problemsError, problemsOf } from './problems.js';
import { expandShorthand } from './shorthand.js';
import { type Entry, type Mapping, merge, nodeOf, plainOf } from './tree.js';

export interface PlanRequest extends PlanChanges {
  /** The name of a preset, or the path of a YAML file. May be left out where `data` is given: the preset `own-data`. */
  readonly source?: string;
}

export interface LoadedPlan {
  readonly plan: Plan;
  /** The whole configuration with every default written out; loading it gives the same plan. */
  readonly yaml: string;
}

/**
 * Resolves a configuration: the defaults, under what it extends, under the configuration itself, under the overrides.
 * @throws UsageError that lists every problem, each with file, line and column (or flag), key, what was expected, and
 *   what was found.
 */
export function loadPlan({ source, ...changes }: PlanRequest): LoadedPlan {
  return planOver(layersOf(source, changes.data), overrideLayer(changes));
}

/**
 * Resolves a configuration under what is laid over it.
 * @throws UsageError that lists every problem, each at its origin.
 */
export function planOver(
  layers: Layers,
  overrides: Mapping,
  schema?: typeof settingsSchema,
): LoadedPlan {
  const idle = idleOverrides(overDefaults(layers.root), overrides);
  if (idle.length > 0) throw problemsError(idle, overrides);
  return planOf(layOver(layers, overrides), schema);
}

function planOf(root: Mapping, schema: typeof settingsSchema = configSchema): LoadedPlan {
  const parsed = schema.safeParse(plainOf(root));
  if (!parsed.success) throw problemsError(problemsOf(parsed.error.issues, root), root);
  const problems = contradictions(parsed.data);
  if (problems.length > 0) throw problemsError(problems, root);
  const plan = resolvePlan(parsed.data);
  return { plan, yaml: planYaml(plan) };
}

/**
 * Resolves a configuration that is at hand as a tree, over the defaults.
 * @throws UsageError that lists every problem, each at its origin.
 */
export function loadTree(usualName: string, own: Mapping): LoadedPlan {
  return planOf(layOver({ usualName, root: expandShorthand(own) }, mappingOf({})));
}

/** The layers of a preset or file; without one, those of the preset for data of one's own, named after the data. */
function layersOf(source: string | undefined, data: string | undefined): Layers {
  if (source !== undefined) return readLayers(source);
  if (data === undefined) {
    throw new UsageError(
      'name a preset (see ncfm presets) or a YAML file, or data of your own with --data <folder>',
    );
  }
  return { ...readLayers('own-data'), usualName: usualName(data) };
}

function layOver({ usualName, root }: Layers, overrides: Mapping): Mapping {
  const named = merge(mappingOf({ name: usualName }), root);
  const given = mergeLayers(named, overrides);
  importModules(given);
  const problems = methodProblems(given);
  if (problems.length > 0) throw problemsError(problems, given);
  const whole = overDefaults(without(given, 'methods'));
  const [model, student] = ['model', 'student'].map((key) => whole.entries.get(key));
  if (model?.value.kind !== 'mapping' || student?.value.kind !== 'mapping') return whole;
  // A student that is given in part is like the extractors otherwise, unless it is another network.
  const asStudent = (entry: Entry): Mapping => ({
    ...whole,
    entries: new Map([['student', entry]]),
  });
  const complete = merge(asStudent(model), asStudent(student)).entries;
  return { ...whole, entries: new Map([...whole.entries, ...complete]) };
}

function mappingOf(value: { readonly [key: string]: string }): Mapping {
  const node = nodeOf(value);
  if (node.kind !== 'mapping') throw new TypeError('expected a mapping');
  return node;
}

function resolvePlan({ threads, distill, ...config }: Config): Plan {
  const {
    imports,
    name,
    seed,
    repeats,
    device,
    memory,
    chunks,
    model,
    student = model,
    ...rest
  } = config;
  const { dataset, pretrain, ...last } = rest;
  return {
    imports,
    name,
    seed,
    repeats,
    device,
    threads: threads === 'auto' ? ownCores() : threads,
    memory,
    chunks,
    dataset,
    model,
    student,
    pretrain,
    distill,
    ...last,
  };
}

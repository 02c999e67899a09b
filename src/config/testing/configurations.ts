import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { temporaryFolder } from '../../core/testing/folder.js';
import type { Plan } from '../../plan/plan.js';
import { planYaml } from '../../plan/plan-yaml.js';
import { loadPlan, type PlanChanges } from '../index.js';

/** The least that a configuration must say. */
export const smallest = 'dataset: { name: digits }\ndistill: { imagesPerClass: 1 }\n';

export function file(yaml: string, name = 'my.yaml', folder = temporaryFolder()): string {
  const path = join(folder, name);
  writeFileSync(path, yaml);
  return path;
}

export function plan(yaml: string, changes: PlanChanges = {}): Plan {
  return loadPlan({ source: file(yaml), ...changes }).plan;
}

/** A plan as the configuration that a run writes gives it. */
export function reloaded(written: Plan): Plan {
  return plan(planYaml(written));
}

/** The lines of the error that a configuration gives, the file's folder cut off. */
export function problems(yaml: string, changes: PlanChanges = {}): string[] {
  const folder = temporaryFolder();
  const source = file(yaml, 'my.yaml', folder);
  return problemsFrom(source, changes).map((line) => line.replaceAll(`${folder}/`, ''));
}

export function problemsFrom(source: string, changes: PlanChanges = {}): string[] {
  try {
    loadPlan({ source, ...changes });
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message.split('\n');
  }
  throw new Error('expected a UsageError');
}

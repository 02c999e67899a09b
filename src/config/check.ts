import { methodOf } from '../methods/registry.js';
import type { Config } from '../plan/schema/configuration.js';
import type { Problem } from './problems.js';

type Check = (config: Config) => readonly Problem[];

/** Settings that are right one by one and contradict each other. */
export function contradictions(config: Config): Problem[] {
  return checks.flatMap((check) => check(config));
}

const checks: readonly Check[] = [
  function datasetIsNamedOrLocated({ dataset: { name, path, root, labels } }) {
    const problem = (key: string, text: string) => ({ path: ['dataset', key], text });
    if (name !== undefined && path !== undefined) {
      return [problem('path', `contradicts dataset.name (${name}); give one of the two`)];
    }
    if (root !== undefined && path !== undefined) {
      return [problem('root', 'says where a named dataset is; dataset.path says that itself')];
    }
    if (labels !== undefined && name !== 'cifar-100') {
      return [problem('labels', `is for dataset.name cifar-100, found '${name ?? path}'`)];
    }
    return [];
  },

  function budgetUsesEveryImage({ distill: { formation, imagesPerClass } }) {
    if (formation.mode !== 'bound' || formation.budget >= imagesPerClass) return [];
    return [
      {
        path: ['distill', 'formation', 'budget'],
        text: `${formation.budget} training images leave some of the ${imagesPerClass} stored ones (distill.imagesPerClass) unused; use ${imagesPerClass} or more`,
      },
    ];
  },

  function optionsOfTheMethodAgree({ distill, pretrain }) {
    const { problems } = methodOf(distill.method);
    const found = problems?.(distill, pretrain) ?? [];
    return found.map(({ path, text }) => ({ path: ['distill', ...path], text }));
  },

  function teacherIsWhereNetworksAre({ evaluate: { concurrency, labels } }) {
    if (labels.mode !== 'on-the-fly' || concurrency === 'auto' || concurrency === 1) return [];
    return [
      {
        path: ['evaluate', 'concurrency'],
        text: `labels on the fly (evaluate.labels.mode) are asked of the teacher at every step, which is in one process only; use 1, or static labels, found ${concurrency}`,
      },
    ];
  },

  function memoriesDiffer({ continual: { memories } }) {
    return memories.flatMap((memory, index) =>
      memories.indexOf(memory) === index
        ? []
        : { path: ['continual', 'memories', index], text: `${memory} is given twice` },
    );
  },
];

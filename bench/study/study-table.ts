import { summarize } from 'ncfm/evaluate';
import type { Outcome } from './run-variant.js';
import type { Study } from './study.js';

/**
 * A study's table in Markdown: for each variant the mean and sample standard deviation over distillation seeds (each
 * the mean of its training seeds), every seed's own mean, and the seconds of distilling.
 */
export function studyTable(study: Study, outcomes: readonly Outcome[]): string {
  const rows = study.variants.flatMap(({ name }) => {
    const own = outcomes.filter(({ variant }) => variant === name);
    if (own.length === 0) return [];
    const { mean, std, n } = summarize(own.map(({ accuracy }) => accuracy.mean));
    const seconds = own.reduce((sum, { distillSeconds }) => sum + distillSeconds, 0) / own.length;
    const each = own.map(({ accuracy }) => accuracy.mean.toFixed(2)).join(', ');
    return `| ${name} | ${mean.toFixed(2)}${std === null ? '' : ` ± ${std.toFixed(2)}`} | ${n} | ${each} | ${seconds.toFixed(0)} |`;
  });
  return [
    study.title,
    '',
    '| variant | accuracy (%) | distillation seeds | each | seconds of distilling |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

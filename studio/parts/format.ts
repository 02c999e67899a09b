import type { AccuracyView, RunSummary } from '../../src/studio/view.js';

/** `84.33 ± 0.13` */
export function accuracyText({ mean, std }: Pick<AccuracyView, 'mean' | 'std'>): string {
  return std === null ? mean.toFixed(2) : `${mean.toFixed(2)} ± ${std.toFixed(2)}`;
}

/** `83.9 to 84.8`, or a dash. */
export function intervalText({ interval95 }: Pick<AccuracyView, 'interval95'>): string {
  return interval95 ? interval95.map((end) => end.toFixed(2)).join(' to ') : '–';
}

/** `NCFM, digits, 5 images per class` */
export function subjectOf({ methods, dataset, imagesPerClass }: RunSummary): string {
  const images =
    imagesPerClass && `${imagesPerClass} ${imagesPerClass === 1 ? 'image' : 'images'} per class`;
  return [methods.join(', '), dataset, images].filter(Boolean).join(' · ');
}

/** A point in time as its reader has it; empty where it is not known. */
export function timeText(iso: string | undefined): string {
  return iso === undefined ? '' : new Date(iso).toLocaleString();
}

/** What a set is called: the distilled one by its method. */
export function setTitle(name: string): string {
  const titles: Record<string, string> = {
    random: 'random real images',
    start: 'unoptimised start',
    distilled: 'distilled',
  };
  return titles[name] ?? name;
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { UsageError } from '../../core/index.js';
import { findInCatalog } from '../../data/index.js';
import { methodNames, methodOf, usualMethod } from '../../methods/registry.js';
import type { PipelineResult } from '../../pipeline/index.js';
import { descriptionFile } from './description.js';
import type { ExportedSet } from './exported-set.js';
import { type ExportFormat, softLabelFiles, softLabelsName } from './files.js';
import { trainingCode } from './training-code.js';

/** In every card: tells a folder that an export has made. */
export const cardMark = '<!-- made by ncfm export -->';

/** What a run says of itself beside its set; parts that it lacks are left out of the card. */
export interface CardFacts {
  /** The resolved configuration, YAML. */
  readonly config?: string;
  readonly results?: Pick<PipelineResult, 'accuracy' | 'protocol' | 'evaluatedOn' | 'wholeData'>;
}

/** Reads a run's configuration and results, where it has them. Throws UsageError for results that are not JSON. */
export function cardFacts(root: string): CardFacts {
  const [config, results] = ['config.yaml', 'results.json'].map((name) => {
    const path = join(root, name);
    return existsSync(path) ? { path, text: readFileSync(path, 'utf8') } : undefined;
  });
  return {
    ...(config && { config: config.text }),
    ...(results && { results: parsed(results.path, results.text) }),
  };
}

function parsed(path: string, text: string): NonNullable<CardFacts['results']> {
  try {
    const results = JSON.parse(text);
    // Results of 0.1 call the distilled set after the method.
    const { ncfm, ...accuracy } = results.accuracy;
    return { ...results, accuracy: { distilled: ncfm, ...accuracy } };
  } catch (cause) {
    throw new UsageError(`${path} is not valid JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The dataset card: Markdown below the front matter that Hugging Face's hub reads. */
export function datasetCard(set: ExportedSet, format: ExportFormat, facts: CardFacts): string {
  const { dataset, imagesPerClass } = set.metadata;
  const title = `${dataset.name}, distilled to ${imagesPerClass} images per class`;
  return [
    frontMatter(set, format, title),
    cardMark,
    '',
    `# ${plain(title)}`,
    '',
    ...origin(set, format, facts),
    ...accuracy(facts),
    '## Training on it',
    '',
    ...preparation(set),
    ...trainingCode(set, format),
    '',
    ...settings(facts),
  ].join('\n');
}

function frontMatter(
  { labels, metadata }: ExportedSet,
  format: ExportFormat,
  title: string,
): string {
  const { license } = termsOf(metadata.dataset.name);
  const count = labels.length;
  const size = count < 1000 ? 'n<1K' : count < 10_000 ? '1K<n<10K' : '10K<n<100K';
  return [
    '---',
    `pretty_name: ${JSON.stringify(title)}`,
    `license: ${license}`,
    'task_categories: [image-classification]',
    `size_categories: [${JSON.stringify(size)}]`,
    'tags: [dataset-distillation, synthetic]',
    ...(format === 'parquet'
      ? ['configs:', '  - config_name: default', '    data_files: data/*.parquet']
      : []),
    '---',
  ].join('\n');
}

function origin(set: ExportedSet, format: ExportFormat, facts: CardFacts): string[] {
  const { labels, metadata, form, softLabelsLeftOut, probabilities } = set;
  const { dataset, classNames, shape, formation } = metadata;
  const { terms } = termsOf(dataset.name);
  const holds =
    form === 'decoded'
      ? 'the images that networks are trained on'
      : `the images as they were optimised; networks are trained on what they decode into (${formationText(formation)})`;
  return [
    `${labels.length} synthetic images of ${shape.channels}×${shape.height}×${shape.width}, distilled from ${plain(dataset.name)}`,
    `${wayOf(facts)}with ncfm. These are`,
    `${holds}.`,
    '',
    `- Classes, by number: ${classNames.map(code).join(', ')}`,
    `- \`${descriptionFile}\` says for programs what this card does: the names of the classes in order, how images are decoded and normalised`,
    ...(format === 'png' ? ["- A class's folder has its number and a simplified name"] : []),
    `- Labels: hard${probabilities ? `, and a teacher's distribution over the classes for each image (${softLabelPlace(format)})` : ''}${softLabelsLeftOut ? '; the soft labels belong to the decoded images and are left out here' : ''}`,
    `- Source: ${plain(dataset.name)}; SHA-256 of the training images ${dataset.hash}`,
    ...whitened(dataset),
    `- Terms of the source: ${terms}`,
    '',
  ];
}

/** By which method, as far as the run's configuration says. */
function wayOf({ config }: CardFacts): string {
  const name: unknown = config && parse(config)?.distill?.method;
  if (typeof name !== 'string' || !methodNames().includes(name)) return '';
  if (name === usualMethod) {
    return 'by neural characteristic function matching (NCFM, Wang et al., CVPR 2025, arXiv 2502.20653) ';
  }
  return `by the method ${plain(methodOf(name).title)} `;
}

function whitened({ whitening }: ExportedSet['metadata']['dataset']): string[] {
  if (whitening === undefined) return [];
  return [
    "- The images are whitened (ZCA, 0.1 added to the eigenvalues of the training images' covariance), and pictures show them so: images that a network is tested on must be whitened alike",
  ];
}

/** Text in which Markdown finds nothing of its own. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_<>#[\]&|~]/g, '\\$&');
}

/** A name as code, on one line; between quotes where it would be hard to see. */
function code(name: string): string {
  const clear = /^[^\s\p{C}`]+( [^\s\p{C}`]+)*$/u.test(name);
  const shown = clear ? name : JSON.stringify(name).replaceAll(/\p{C}/gu, escaped);
  const longest = Math.max(0, ...(shown.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${shown}${fence}`;
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

function softLabelPlace(format: ExportFormat): string {
  const file = format === 'pt' || format === 'png' ? softLabelFiles[format] : undefined;
  return file === undefined ? `\`${softLabelsName}\`` : `\`${file}\``;
}

function formationText({ mode, factor }: ExportedSet['metadata']['formation']): string {
  return mode === 'single'
    ? `${factor} × ${factor} tiles each, scaled up bilinearly`
    : `formation ${mode}, factor ${factor}`;
}

function termsOf(name: string): { readonly terms: string; readonly license: string } {
  const entry = findInCatalog(name);
  if (entry === undefined) {
    return {
      terms:
        "not known to ncfm; images distilled from data are under the data's own terms: say them here",
      license: 'unknown',
    };
  }
  const { terms } = entry;
  const known = terms.startsWith('MIT')
    ? 'mit'
    : terms.startsWith('CC BY 4.0')
      ? 'cc-by-4.0'
      : 'other';
  return { terms, license: known };
}

function accuracy({ results }: CardFacts): string[] {
  if (results === undefined) return [];
  const { accuracy, protocol, evaluatedOn, wholeData } = results;
  const row = (name: string, { mean, std, n }: { mean: number; std: number | null; n: number }) =>
    `| ${name} | ${mean.toFixed(2)}${std === null ? '' : ` ± ${std.toFixed(2)}`} | ${n} |`;
  return [
    '## Accuracy',
    '',
    `Networks trained from scratch (${protocol.student.name}, protocol ${protocol.hash}), on the ${evaluatedOn} images after the`,
    'last step; mean ± standard deviation over training seeds, for this set and not for the method.',
    '',
    '| trained on | accuracy (%) | seeds |',
    '|---|---|---|',
    row('as many random real images', accuracy.random),
    row('this set', accuracy.distilled),
    ...(wholeData ? [row(`all real images, ${wholeData.epochs} epochs`, wholeData)] : []),
    '',
  ];
}

function preparation({ metadata }: ExportedSet): string[] {
  const { mean, std } = metadata.normalization;
  return [
    `Pixels are in [0, 1]. Normalise images, these and the test images alike, with mean ${JSON.stringify(mean)} and standard`,
    `deviation ${JSON.stringify(std)}. Train for many epochs, with augmentation.`,
    '',
  ];
}

function settings({ config }: CardFacts): string[] {
  if (config === undefined) return [];
  return ['## Settings', '', '```yaml', config.trimEnd(), '```', ''];
}

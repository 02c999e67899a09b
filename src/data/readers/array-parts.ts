import { type PartKind, partKind } from './part-names.js';

export interface ArrayNames {
  readonly images: string;
  readonly labels: string;
}

/** Which arrays of a file are which part; `whole` where it has no parts. */
export interface ArrayParts {
  readonly train: ArrayNames;
  /** Absent where images are to be held out. */
  readonly test?: ArrayNames;
  /** Whether the test part is called a validation part. */
  readonly testIsValidation: boolean;
  /** Validation arrays beside a test part, which are used for nothing. */
  readonly unused: readonly string[];
  /** Arrays beside the parts that are none of them. */
  readonly ignored: readonly string[];
}

/** What names of arrays are made of: images and labels, where `*` is the name of a part. */
const partPatterns = [
  ['x_*', 'y_*'],
  ['*_images', '*_labels'],
  ['*_x', '*_y'],
  ['images_*', 'labels_*'],
] as const;

/** Of a file without parts, the preferred first. */
const wholePairs = [
  ['images', 'labels'],
  ['images', 'target'],
  ['images', 'targets'],
  ['x', 'y'],
  ['data', 'labels'],
  ['data', 'target'],
  ['data', 'targets'],
] as const;

export const classNameArrays = ['class_names', 'target_names'] as const;

/** What names are expected, for errors. */
export const expectedArrays =
  "expected arrays named 'images' and 'labels'; or x_train, y_train, x_test and y_test; or train_images, " +
  'train_labels, test_images and test_labels; or data and target';

/** Which part a name belongs to, and which pattern's which half it is. */
function partOf(lower: string): { kind: PartKind; pattern: number; half: number } | undefined {
  for (const [pattern, halves] of partPatterns.entries()) {
    for (const [half, form] of halves.entries()) {
      const [before, after] = form.split('*') as [string, string];
      if (!lower.startsWith(before) || !lower.endsWith(after)) continue;
      const kind = partKind(lower.slice(before.length, lower.length - after.length));
      if (kind !== undefined) return { kind, pattern, half };
    }
  }
  return undefined;
}

/**
 * Finds the parts among the names of a file's arrays, in whatever case: those of Keras (`x_train`, `y_train`…), MedMNIST
 * (`train_images`, `train_labels`, `val_images`…) and scikit-learn (`images` or `data`, and `target`). A test part wins
 * over a validation part, which is then used for nothing; alone, a validation part is the test part.
 *
 * @returns undefined if there is no training part.
 * @throws Error naming images of a test or validation part that are without labels, or the reverse.
 */
export function findArrayParts(names: readonly string[]): ArrayParts | undefined {
  const train = findPart(names, 'train');
  const test = findPart(names, 'test');
  const validation = findPart(names, 'validation');
  const others = (...known: readonly (ArrayNames | undefined)[]): string[] => {
    const taken = new Set<string>([train, ...known].flatMap((part) => Object.values(part ?? {})));
    for (const name of classNameArrays) taken.add(name);
    return names.filter((name) => !taken.has(name));
  };
  if (train !== undefined) {
    if (test === undefined) checkNoHalf(names, 'test');
    if (validation === undefined) checkNoHalf(names, 'validation');
    const tested = test ?? validation;
    return {
      train,
      ...(tested && { test: tested }),
      testIsValidation: test === undefined && validation !== undefined,
      unused: test !== undefined && validation !== undefined ? Object.values(validation) : [],
      ignored: others(test, validation),
    };
  }
  const byLower = new Map(names.map((name) => [name.toLowerCase(), name]));
  const whole = wholePairs.find((pair) => pair.every((name) => byLower.has(name)));
  if (whole === undefined) return undefined;
  const [images, labels] = whole.map((name) => byLower.get(name)!) as [string, string];
  const ignored = others({ images, labels });
  return { train: { images, labels }, testIsValidation: false, unused: [], ignored };
}

/** Half a part would be left out in silence. */
function checkNoHalf(names: readonly string[], kind: PartKind): void {
  for (const name of names) {
    const part = partOf(name.toLowerCase());
    if (part?.kind !== kind) continue;
    const [has, lacks] = part.half === 0 ? ['images', 'labels'] : ['labels', 'images'];
    throw new Error(
      `'${name}' is there without its ${lacks}; expected images and labels of the ${kind} part, or neither (found the ${has} only, among ${names.join(', ')})`,
    );
  }
}

function findPart(names: readonly string[], kind: PartKind): ArrayNames | undefined {
  for (const pattern of partPatterns.keys()) {
    const [images, labels] = [0, 1].map((half) =>
      names.find((name) => {
        const part = partOf(name.toLowerCase());
        return part?.kind === kind && part.pattern === pattern && part.half === half;
      }),
    );
    if (images !== undefined && labels !== undefined) return { images, labels };
  }
  return undefined;
}

export type PartKind = 'train' | 'test' | 'validation';

/** What parts are called, in lower case. */
const kindsByName: ReadonlyMap<string, PartKind> = new Map([
  ...['train', 'training', 'trn'].map((name) => [name, 'train'] as const),
  ...['test', 'testing', 'tst'].map((name) => [name, 'test'] as const),
  ...['val', 'valid', 'validation', 'dev'].map((name) => [name, 'validation'] as const),
]);

/** The part that a folder or file is, by its name in whatever case. */
export function partKind(name: string): PartKind | undefined {
  return kindsByName.get(name.toLowerCase());
}

/** Said where a validation part is taken for the test part. */
export const validationTested = 'there is no test part, so the validation part is measured on';

export const exportFormats = ['pt', 'safetensors', 'npz', 'png', 'parquet'] as const;

export type ExportFormat = (typeof exportFormats)[number];

/** The file with the images, by format; pictures lie in folders of their own. */
export const dataFiles: Readonly<Record<ExportFormat, string>> = {
  pt: 'data.pt',
  safetensors: 'data.safetensors',
  npz: 'data.npz',
  png: '.',
  parquet: 'data/train-00000-of-00001.parquet',
};

/** The file with the soft labels, where they are not in that with the images. */
export const softLabelFiles = { pt: 'soft-labels.pt', png: 'soft-labels.npz' } as const;

/** The name of soft labels in files whose content has names. */
export const softLabelsName = 'probabilities';

/** Names of folders that sort in the order of the classes and suit any file system. */
export function classFolders(classNames: readonly string[]): string[] {
  const digits = String(classNames.length - 1).length;
  return classNames.map((name, label) => {
    const plain = name
      .normalize('NFKD')
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '')
      .slice(0, 60);
    const number = String(label).padStart(digits, '0');
    return plain === '' || plain === String(label) ? number : `${number}-${plain}`;
  });
}

/** The formats of an export. */
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

/** A published accuracy, to hold results against: somebody else's figure, not measured by ncfm. */
export interface PublishedAccuracy {
  /** Test accuracy, percent. */
  readonly accuracy: number;
  /** Whose method, and where it was published. */
  readonly source: string;
  /** The network that was trained on the distilled set, of width 128. */
  readonly network: string;
}

const ncfm = 'NCFM, Wang et al., CVPR 2025, table 1';

/** NCFM's accuracies by dataset and images per class. */
const paper: { readonly [presets: string]: readonly (readonly [ipc: number, accuracy: number])[] } =
  {
    cifar10: [
      [1, 49.5],
      [10, 71.8],
      [50, 77.4],
    ],
    cifar100: [
      [1, 34.4],
      [10, 48.7],
      [50, 54.7],
    ],
    'tiny-imagenet': [
      [1, 18.2],
      [10, 26.8],
      [50, 29.6],
    ],
    imagenette: [
      [1, 53.4],
      [10, 77.6],
    ],
    imagewoof: [
      [1, 27.2],
      [10, 48.4],
    ],
    imagefruit: [
      [1, 29.2],
      [10, 44.8],
    ],
    imagemeow: [
      [1, 34.6],
      [10, 58.2],
    ],
    imagesquawk: [
      [1, 41.6],
      [10, 72.8],
    ],
    imageyellow: [
      [1, 46.6],
      [10, 74.2],
    ],
  };

/** The paper has no Fashion-MNIST; these are the best published accuracies of any method with hard labels. */
const fashion: { readonly [preset: string]: PublishedAccuracy } = {
  'fashion-ipc1': { accuracy: 81.5, source: "DANCE, its repository's table", network: 'ConvNet-3' },
  'fashion-ipc10': {
    accuracy: 87.2,
    source: 'MTT, as reported by later papers',
    network: 'ConvNet-3',
  },
  'fashion-ipc50': {
    accuracy: 89.6,
    source: 'FrePo, Zhou et al., NeurIPS 2022',
    network: 'ConvNet-3',
  },
};

/** The ConvNet for a dataset's images: of depth 4 for 64×64, 5 for 128×128, else 3. */
function networkOf(presets: string): string {
  if (presets === 'tiny-imagenet') return 'ConvNet-4';
  return presets.startsWith('image') ? 'ConvNet-5' : 'ConvNet-3';
}

const byPreset: ReadonlyMap<string, PublishedAccuracy> = new Map([
  ...Object.entries(fashion),
  ...Object.entries(paper).flatMap(([presets, rows]) =>
    rows.map(
      ([ipc, accuracy]) =>
        [`${presets}-ipc${ipc}`, { accuracy, source: ncfm, network: networkOf(presets) }] as const,
    ),
  ),
]);

export function publishedAccuracy(preset: string): PublishedAccuracy | undefined {
  return byPreset.get(preset);
}

export function presetsWithPublishedAccuracy(): string[] {
  return [...byPreset.keys()];
}

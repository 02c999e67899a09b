/** Accuracy at a time. */
export interface CurvePoint {
  readonly iteration: number;
  readonly seconds: number;
  /** Percent: mean and standard deviation over the evaluation's seeds. */
  readonly accuracy: number;
  readonly deviation: number;
}

/** How accuracy grew in one distillation. */
export interface Curve {
  readonly side: 'pytorch' | 'ours';
  readonly imagesPerClass: number;
  readonly label: string;
  readonly points: readonly CurvePoint[];
}

export interface Headline {
  readonly imagesPerClass: number;
  /** PyTorch's best snapshot. */
  readonly pytorch: { readonly accuracy: number; readonly seconds: number };
  /** Our earliest snapshot that is as good; null when none is. */
  readonly ours: {
    readonly accuracy: number;
    readonly seconds: number;
    readonly label: string;
  } | null;
  /** PyTorch's seconds over ours; null when ours never was as good. */
  readonly ratio: number | null;
}

/** For each number of images per class: when ours was first as good as the best that PyTorch reached. */
export function headlines(curves: readonly Curve[]): Headline[] {
  const sizes = [...new Set(curves.map(({ imagesPerClass }) => imagesPerClass))];
  return sizes.flatMap((imagesPerClass) => {
    const own = curves.filter((curve) => curve.imagesPerClass === imagesPerClass);
    const pytorch = own
      .filter(({ side }) => side === 'pytorch')
      .flatMap(({ points }) => points)
      .reduce((best, point) => (point.accuracy > best.accuracy ? point : best), none);
    if (pytorch === none) return [];
    const [ours = null] = own
      .filter(({ side }) => side === 'ours')
      .flatMap(({ points, label }) => points.map((point) => ({ ...point, label })))
      .filter(({ accuracy }) => accuracy >= pytorch.accuracy)
      .sort((a, b) => a.seconds - b.seconds);
    return [
      {
        imagesPerClass,
        pytorch: { accuracy: pytorch.accuracy, seconds: pytorch.seconds },
        ours: ours && { accuracy: ours.accuracy, seconds: ours.seconds, label: ours.label },
        ratio: ours && pytorch.seconds / ours.seconds,
      },
    ];
  });
}

const none: CurvePoint = {
  iteration: 0,
  seconds: 0,
  accuracy: Number.NEGATIVE_INFINITY,
  deviation: 0,
};

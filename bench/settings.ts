import { BenchError } from './errors.js';

/** The size of one distillation problem; both sides compute the same one. */
export interface Problem {
  /** Channels, height and width of an image. */
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly classes: number;
  /** Real images per class that the generated data has. */
  readonly storedPerClass: number;
  readonly imagesPerClass: number;
  readonly factor: number;
  /** Real images per class and iteration. */
  readonly realBatch: number;
  /** T */
  readonly frequencies: number;
  /** Channels of the ConvNet. */
  readonly width: number;
}

/** A problem with the number of iterations that each side is timed for. */
export interface Setting {
  readonly name: string;
  readonly title: string;
  readonly problem: Problem;
  /** K: iterations that share one draw of network and real images, one measurement for each. */
  readonly amortise: readonly number[];
  readonly psi: readonly boolean[];
  readonly iterations: { readonly ours: number; readonly pytorch: number };
  readonly warmUp: { readonly ours: number; readonly pytorchClasses: number };
  /** Classes that PyTorch is timed on; its time, linear in the classes, is scaled to all of them. */
  readonly pytorchClasses: number;
}

const fashion = { shape: [1, 28, 28], classes: 10, storedPerClass: 6000 } as const;
const official: Problem = {
  ...fashion,
  imagesPerClass: 10,
  factor: 2,
  realBatch: 1024,
  frequencies: 4096,
  width: 128,
};
const paper: Problem = { ...official, frequencies: 1024 };
/** CIFAR-100 has 500 images per class, so a real batch of 1024 is one of 500. */
const cifar100: Problem = {
  ...official,
  shape: [3, 32, 32],
  classes: 100,
  storedPerClass: 500,
  realBatch: 500,
};

const usual = {
  amortise: [1],
  psi: [false, true],
  iterations: { ours: 5, pytorch: 3 },
  warmUp: { ours: 1, pytorchClasses: 10 },
  pytorchClasses: 10,
};

/** What `npm run bench` measures. */
export const settings: readonly Setting[] = [
  {
    ...usual,
    name: 'official',
    title: '(a) official: 1×28×28, 10 classes, IPC 10, 4096 frequencies',
    problem: official,
    amortise: [1, 5],
  },
  {
    ...usual,
    name: 'paper',
    title: '(b) paper: as (a), 1024 frequencies',
    problem: paper,
  },
  {
    ...usual,
    name: 'paper-ipc1',
    title: '(c) as (b), IPC 1',
    problem: { ...paper, imagesPerClass: 1 },
  },
  {
    ...usual,
    name: 'paper-ipc50',
    title: '(c) as (b), IPC 50',
    problem: { ...paper, imagesPerClass: 50 },
  },
  {
    ...usual,
    name: 'cifar100',
    title: '(d) CIFAR-100: 3×32×32, 100 classes, IPC 10, 4096 frequencies, real batch 500',
    problem: cifar100,
    iterations: { ours: 3, pytorch: 3 },
    warmUp: { ours: 1, pytorchClasses: 1 },
    pytorchClasses: 5,
  },
];

/** What else is measured, by the name `--only` knows it by. */
export const extras = [
  'training',
  'overhead',
  'kernels',
  'phases',
  'data',
  'curves',
  'methods',
] as const;
export type Extra = (typeof extras)[number];

/** Measured only where they are named. */
const longExtras: readonly string[] = ['curves', 'methods'] satisfies Extra[];
/** Compared with a PyTorch program, as the settings are. */
const comparedExtras: readonly string[] = ['training', 'overhead', 'methods'] satisfies Extra[];

export interface Selection {
  /** Names of settings and extras; when left out all but the long ones. */
  readonly only?: readonly string[] | undefined;
  readonly quick: boolean;
  /** Everything shrunk, to try the benchmark itself; its figures mean nothing. */
  readonly tiny: boolean;
  /** Times PyTorch on all classes of every setting. */
  readonly whole: boolean;
  readonly iterations?: number | undefined;
}

export interface Selected {
  readonly settings: Setting[];
  readonly extras: Extra[];
  /** Whether any of it is compared with PyTorch. */
  readonly compared: boolean;
}

/** The settings and extras to measure. Throws BenchError for a name that is neither. */
export function select(selection: Selection): Selected {
  const { only, quick } = selection;
  const known = [...settings.map(({ name }) => name), ...extras];
  const unknown = only?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new BenchError(`--only ${unknown}: unknown; expected some of ${known.join(', ')}`, {
      exitCode: 2,
    });
  }
  const usually = quick ? ['official', ...extras] : known;
  const names = only ?? usually.filter((name) => !longExtras.includes(name));
  return {
    settings: settings.filter(({ name }) => names.includes(name)).map((s) => adjust(s, selection)),
    extras: extras.filter((name) => names.includes(name)),
    compared: names.some(
      (name) => !extras.some((extra) => extra === name) || comparedExtras.includes(name),
    ),
  };
}

function adjust(setting: Setting, { quick, tiny, whole, iterations }: Selection): Setting {
  let adjusted = setting;
  if (quick) {
    adjusted = {
      ...adjusted,
      psi: [true],
      iterations: { ours: 2, pytorch: 2 },
      warmUp: { ...adjusted.warmUp, pytorchClasses: 1 },
      pytorchClasses: Math.min(5, adjusted.pytorchClasses),
    };
  }
  if (tiny) adjusted = shrink(adjusted);
  if (whole) adjusted = { ...adjusted, pytorchClasses: adjusted.problem.classes };
  if (iterations !== undefined) {
    adjusted = { ...adjusted, iterations: { ours: iterations, pytorch: iterations } };
  }
  return adjusted;
}

function shrink(setting: Setting): Setting {
  const problem: Problem = {
    ...setting.problem,
    storedPerClass: 256,
    realBatch: 32,
    frequencies: setting.problem.frequencies / 16,
    width: 8,
    imagesPerClass: Math.min(2, setting.problem.imagesPerClass),
  };
  return { ...setting, problem, iterations: { ours: 2, pytorch: 2 } };
}

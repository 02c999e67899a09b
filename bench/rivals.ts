import { type ChildOptions, findPython, runPyTorch } from './children.js';

/** The forms of bench/pytorch/form.py. */
export const pytorchForms = [
  'eager',
  'channels-last',
  'bf16',
  'compiled',
  'compiled-bf16',
] as const;
export type PyTorchForm = (typeof pytorchForms)[number];

/** An installed PyTorch. */
export interface PyTorch {
  readonly python: string;
  /** Its version. */
  readonly torch: string;
  /** The library of its matrix products: 'mkl', 'open'. */
  readonly blas: string;
  /** The version of its oneDNN; null where the build doesn't tell. */
  readonly oneDnn: string | null;
  /** The vector instructions of its own kernels. */
  readonly instructions: string;
  /** Those that it has. */
  readonly forms: readonly PyTorchForm[];
  /** How its processes are started. */
  readonly options: ChildOptions;
}

/** A PyTorch in one of its forms. */
export interface Rival {
  readonly pytorch: PyTorch;
  readonly form: PyTorchForm;
}

/** Which rival a figure is of. */
export interface RivalName {
  /** PyTorch's version. */
  readonly torch: string;
  readonly form: PyTorchForm;
}

export function nameOf({ pytorch: { torch }, form }: Rival): RivalName {
  return { torch, form };
}

/** What a figure says of whose it is. */
export function nameOnly({ torch, form }: RivalName): RivalName {
  return { torch, form };
}

export function rivalText({ torch, form }: RivalName): string {
  return `PyTorch ${torch}, ${form}`;
}

/** The same, with a star for the fastest. */
export function starredText(rival: RivalName, best: RivalName): string {
  const isBest = rival.torch === best.torch && rival.form === best.form;
  return `${isBest ? '* ' : ''}${rivalText(rival)}`;
}

/**
 * Asks a Python for its PyTorch. OpenBLAS's kernels are chosen for it, unless it brings MKL.
 * Throws BenchError where there is no torch.
 */
export async function askPyTorch(
  named: string | undefined,
  options: ChildOptions,
): Promise<PyTorch> {
  const python = findPython(named);
  const about = await runPyTorch<Omit<PyTorch, 'python' | 'options'>>(
    python,
    { kind: 'describe' },
    options,
  );
  return {
    python,
    ...about,
    options: about.blas === 'mkl' ? { ...options, coreType: null } : options,
  };
}

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chooseBlasKernels, letBlasThreadsSleep } from './blas.js';
import { FailureError } from './errors.js';

declare const tensorHandle: unique symbol;
declare const generatorHandle: unique symbol;

/** An opaque tensor owned by the addon. */
export interface TensorHandle {
  readonly [tensorHandle]: true;
}

/** An opaque random generator owned by the addon. */
export interface GeneratorHandle {
  readonly [generatorHandle]: true;
}

/** What the engine under us is and can do. */
export interface EngineDescription {
  /** LibTorch's version. */
  readonly version: string;
  /** The vector instructions LibTorch's own kernels use, for example 'AVX2'. */
  readonly cpuCapability: string;
  readonly cuda: boolean;
  readonly cudaDevices: number;
  readonly oneDnn: boolean;
  readonly openMp: boolean;
  /** The vector instructions that our own kernels can use here, best (the one in use) first: 'avx512', 'avx2', 'baseline'. */
  readonly instructionSets: readonly string[];
  /** True when freed memory stays with the process instead of going back to the system at every step. */
  readonly keepsFreedMemory: boolean;
}

/** Bytes of the large blocks (from 256 KiB) that tensors on the CPU take. */
export interface TensorMemory {
  /** In use now. */
  readonly used: number;
  /** Held from the system now: in use, or kept for reuse. */
  readonly held: number;
  readonly mostUsed: number;
  readonly mostHeld: number;
}

type Bytes = NodeJS.TypedArray;

/** The addon's whole surface; see native/*.cc. */
export interface Native {
  lookup(name: string, overload: string): number;
  call(operator: number, ...values: unknown[]): unknown;
  dispose(tensor: TensorHandle): void;
  liveCount(): number;
  shape(tensor: TensorHandle): number[];
  dtype(tensor: TensorHandle): number;
  device(tensor: TensorHandle): string;
  requiresGrad(tensor: TensorHandle, value?: boolean): boolean;
  grad(
    outputs: TensorHandle[],
    inputs: TensorHandle[],
    gradOutputs: TensorHandle[] | null,
    retainGraph: boolean,
    allowUnused: boolean,
  ): (TensorHandle | null)[];
  setGradEnabled(enabled: boolean): boolean;
  createGenerator(device: string, seed: number): GeneratorHandle;
  generatorState(generator: GeneratorHandle): Uint8Array;
  setGeneratorState(generator: GeneratorHandle, state: Uint8Array): void;
  fromBytes(bytes: Bytes, shape: readonly number[], dtype: number): TensorHandle;
  toBytes(tensor: TensorHandle): ArrayBuffer;
  engine(): EngineDescription;
  threads(count?: number): number;
  instructionSet(name?: string): string;
  memory(): TensorMemory;
  mapFile(path: string, offset: number, length: number): ArrayBuffer;
}

/** Where the addon is looked for: the build directory beside `src` and `dist`. */
export const addonPath = fileURLToPath(new URL('../../build/ncfm.node', import.meta.url));

function load(): Native {
  chooseBlasKernels();
  letBlasThreadsSleep();
  try {
    return createRequire(import.meta.url)(addonPath) as Native;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new FailureError(
      `The native engine could not be loaded from ${addonPath}: ${reason}. Build it with \`npm run setup\`.`,
      { cause },
    );
  }
}

export const native: Native = load();

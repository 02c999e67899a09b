import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { FailureError } from '../core/errors.js';

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
  /** True when freed memory stays with the process instead of going back to the system at every step: see `tuneProcess`. */
  readonly keepsFreedMemory: boolean;
}

/** Bytes of the large blocks (from 256 KiB) that tensors on the CPU take. */
export interface TensorMemory {
  /** In use now. */
  readonly used: number;
  /** Held from the system now: in use, or kept for reuse. */
  readonly held: number;
  /** The most of both since `releaseMemory`. */
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
  keepFreedMemory(): boolean;
  memory(): TensorMemory | null;
  releaseMemory(): void;
  mapFile(path: string, offset: number, length: number): ArrayBuffer;
}

/** Where the addon is looked for: the build directory beside `src` and `dist`. */
export const addonPath = fileURLToPath(new URL('../../build/ncfm.node', import.meta.url));

let loaded: Native | undefined;

/** Whether the addon, and with it LibTorch, has been loaded by this thread. */
export function isLoaded(): boolean {
  return loaded !== undefined;
}

let prepare: (addon: Native) => void = () => {};

/** Has something done with the addon as soon as it is loaded. */
export function beforeUse(task: (addon: Native) => void): void {
  prepare = task;
}

function load(): Native {
  try {
    const addon = createRequire(import.meta.url)(addonPath) as Native;
    prepare(addon);
    return addon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new FailureError(
      `The native engine could not be loaded from ${addonPath}: ${reason}. Build it with \`npm run setup\`.`,
      { cause },
    );
  }
}

/**
 * The addon's functions. It is loaded when the first of them is asked for: `tuneProcess` can come before, and what needs no
 * engine works without. Throws FailureError where it cannot be loaded.
 */
export const native: Native = new Proxy({} as Native, {
  get: (_, name) => {
    loaded ??= load();
    return loaded[name as keyof Native];
  },
});

import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FailureError, UsageError } from '../core/errors.js';

declare const tensorHandle: unique symbol;
declare const generatorHandle: unique symbol;
declare const storeHandle: unique symbol;
declare const groupHandle: unique symbol;
declare const workHandle: unique symbol;

/** An opaque tensor owned by the addon. */
export interface TensorHandle {
  readonly [tensorHandle]: true;
}

/** An opaque random generator owned by the addon. */
export interface GeneratorHandle {
  readonly [generatorHandle]: true;
}

/** An opaque store of small values that processes share, owned by the addon. */
export interface StoreHandle {
  readonly [storeHandle]: true;
}

/** An opaque group of processes, owned by the addon. */
export interface GroupHandle {
  readonly [groupHandle]: true;
}

/** An opaque collective under way, owned by the addon. */
export interface WorkHandle {
  readonly [workHandle]: true;
}

/** Our kernels for NVIDIA's GPUs. */
export interface GpuKernels {
  /** The compute capabilities that they were compiled for, such as '7.5 8.0'; null where they were not. */
  readonly capabilities: string | null;
  /** Why they were not compiled, or could not be loaded; null where neither is so. */
  readonly problem: string | null;
  /** Their file, once they are loaded, which takes a driver. */
  readonly file: string | null;
}

/** Bytes of a GPU's memory: of the whole card, and what this process's tensors take of it. */
export interface DeviceMemory {
  readonly free: number;
  readonly total: number;
  /** In use by tensors now. */
  readonly used: number;
  /** Held by LibTorch's allocator now: in use, or kept for reuse. */
  readonly held: number;
  /** The most of both since `releaseMemory`. */
  readonly mostUsed: number;
  readonly mostHeld: number;
}

export interface EngineDescription {
  /** LibTorch's version. */
  readonly version: string;
  /** The vector instructions LibTorch's own kernels use, for example 'AVX2'. */
  readonly cpuCapability: string;
  /** The library of its matrix products: 'OpenBLAS', 'MKL'. */
  readonly blas: string;
  readonly cuda: boolean;
  readonly cudaDevices: number;
  /** Why a LibTorch that has CUDA cannot use the driver that is here; null where it can, or one of both is missing. */
  readonly cudaProblem: string | null;
  /** The newest CUDA that the driver here runs, as major.minor: 13.2; null without a driver, or a LibTorch with CUDA. */
  readonly cudaDriver: number | null;
  /** The major version of CUDA that LibTorch was built for; null without CUDA. */
  readonly cudaWanted: number | null;
  readonly gpuKernels: GpuKernels;
  readonly oneDnn: boolean;
  readonly openMp: boolean;
  /**
   * The instructions that our own kernels can use here, best first: 'amx', 'avx512', 'avx2', 'baseline'; behind 'amx' that
   * in the precision of bfloat16, 'amx_bf16'.
   */
  readonly instructionSets: readonly string[];
  /** The one in use: the first, unless `NCFM_INSTRUCTION_SET` in the environment names another. */
  readonly instructionSet: string;
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

/** How LibTorch computes on GPUs. */
export interface GpuSwitches {
  readonly deterministic: boolean;
  /** cuDNN tries its algorithms for each new shape. */
  readonly benchmark: boolean;
  /** cuDNN may round the factors of float32 convolutions to TF32. */
  readonly tf32: boolean;
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
    createGraph: boolean,
    allowUnused: boolean,
  ): (TensorHandle | null)[];
  setGradEnabled(enabled: boolean): boolean;
  createGenerator(device: string, seed: number): GeneratorHandle;
  generatorState(generator: GeneratorHandle): Uint8Array;
  setGeneratorState(generator: GeneratorHandle, state: Uint8Array): void;
  fromBytes(bytes: Bytes, shape: readonly number[], dtype: number, device?: string): TensorHandle;
  toBytes(tensor: TensorHandle): ArrayBuffer;
  engine(): EngineDescription;
  /** Null for other devices than GPUs, and while our kernels for them are not loaded. */
  deviceMemory(device: string): DeviceMemory | null;
  threads(count?: number): number;
  instructionSet(name?: string): string;
  keepFreedMemory(): boolean;
  memory(): TensorMemory | null;
  releaseMemory(): void;
  synchronizingCalls(): number;
  gpuSwitches(deterministic?: boolean, benchmark?: boolean, tf32?: boolean): GpuSwitches;
  mapFile(path: string, offset: number, length: number): ArrayBuffer;
  /** Whether the addon was built with what follows. */
  readonly hasCollectives: boolean;
  openStore(host: string, port: number, serves: boolean, milliseconds: number): StoreHandle;
  storePort(store: StoreHandle): number;
  storeSet(store: StoreHandle, key: string, value: string): void;
  storeGet(store: StoreHandle, key: string): string | null;
  storeClaim(store: StoreHandle, key: string, value: string): string;
  closeStore(store: StoreHandle): void;
  openGroup(
    store: StoreHandle,
    rank: number,
    size: number,
    place: string,
    isAddress: boolean,
    milliseconds: number,
  ): GroupHandle;
  groupGather(group: GroupHandle, outputs: TensorHandle[], input: TensorHandle): WorkHandle;
  groupSum(group: GroupHandle, value: TensorHandle): WorkHandle;
  groupBroadcast(group: GroupHandle, value: TensorHandle, rank: number): WorkHandle;
  closeGroup(group: GroupHandle): void;
  workWait(work: WorkHandle): void;
}

const root = new URL('../../', import.meta.url);

/** Whether this is the repository: packages are installed without sources. */
const isCheckout = existsSync(new URL('src/', root));

/** What a person types here to have the addon. */
export const setupCommand = isCheckout ? 'npm run setup' : 'npx ncfm setup';

interface Loaded {
  readonly addon: Native;
  readonly path: string;
}

let loaded: Loaded | undefined;

/** Whether the addon, and with it LibTorch, has been loaded by this thread. */
export function isLoaded(): boolean {
  return loaded !== undefined;
}

/** The file of the addon, which is loaded if it wasn't. */
export function addonPath(): string {
  loaded ??= load();
  return loaded.path;
}

let prepare: (addon: Native) => void = () => {};

/** Has something done with the addon as soon as it is loaded. */
export function beforeUse(task: (addon: Native) => void): void {
  prepare = task;
}

/**
 * The addon that was built on this machine; without one, those that came with the package, for a LibTorch each. In the
 * repository such are of whenever it was packed.
 */
function candidates(): string[] {
  const built = fileURLToPath(new URL('build/ncfm.node', root));
  if (isCheckout || existsSync(built)) return [built];
  const folder = fileURLToPath(new URL(`prebuilds/${process.platform}-${process.arch}/`, root));
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.node'));
  return names.map((name) => join(folder, name));
}

function load(): Loaded {
  const found = find();
  chooseInstructionSet(found.addon);
  return found;
}

function chooseInstructionSet({ engine, instructionSet }: Native): void {
  const name = process.env.NCFM_INSTRUCTION_SET;
  if (name === undefined) return;
  const { instructionSets } = engine();
  if (!instructionSets.includes(name)) {
    throw new UsageError(
      `NCFM_INSTRUCTION_SET=${name}: expected one of this processor's, ${instructionSets.join(', ')}; unset it to have the best one`,
    );
  }
  instructionSet(name);
}

function find(): Loaded {
  const require = createRequire(import.meta.url);
  const failures: unknown[] = [];
  for (const path of candidates()) {
    try {
      const addon = require(path) as Native;
      prepare(addon);
      return { addon, path };
    } catch (cause) {
      failures.push(cause);
    }
  }
  const reasons = failures.map(firstLine).join('; ') || 'none came with the package';
  throw new FailureError(
    `The native engine could not be loaded: ${reasons}. Set it up with \`${setupCommand}\`.`,
    { cause: failures[0] },
  );
}

function firstLine(error: unknown): string | undefined {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0];
}

/**
 * The addon's functions. It is loaded when the first of them is asked for: `tuneProcess` can come before, and what needs no
 * engine works without. Throws FailureError where it cannot be loaded, and UsageError where `NCFM_INSTRUCTION_SET` names
 * instructions that this processor lacks.
 */
export const native: Native = new Proxy({} as Native, {
  get: (_, name) => {
    loaded ??= load();
    return loaded.addon[name as keyof Native];
  },
});

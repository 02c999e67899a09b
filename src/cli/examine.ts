import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { UsageError } from '../core/errors.js';
import { packageVersion } from '../core/version.js';
import type { EngineDescription } from '../tensor/index.js';
import { setupCommand } from '../tensor/native.js';

export interface Finding {
  readonly name: string;
  /** `note`: worth knowing, ncfm works without; `broken`: ncfm cannot work. */
  readonly state: 'ok' | 'note' | 'broken';
  readonly detail: string;
  /** The command or the step that mends it. */
  readonly remedy?: string;
}

/** Looks at everything that a run depends on. Never fails: what cannot be examined is a finding. */
export async function examine(): Promise<Finding[]> {
  return [
    { name: 'ncfm', state: 'ok', detail: packageVersion() },
    nodeFinding(process.versions.node),
    memoryFinding(),
    ...(await engineFindings()),
  ];
}

const oldestNode = [20, 19] as const;

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  const enough = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  if (enough) return { name: 'Node', state: 'ok', detail: version };
  return {
    name: 'Node',
    state: 'broken',
    detail: `${version} is too old`,
    remedy: `install Node ${oldestNode.join('.')} or later: https://nodejs.org`,
  };
}

function memoryFinding(): Finding {
  const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const detail = `${gigabytes(totalmem())}, ${gigabytes(freemem())} free`;
  return { name: 'memory', state: 'ok', detail };
}

async function engineFindings(): Promise<Finding[]> {
  try {
    const { engine, gpuFindings, physicalCores } = await import('../tensor/index.js');
    const description = engine();
    return [
      { name: 'native engine', state: 'ok', detail: `LibTorch ${description.version}` },
      processorFinding(physicalCores(), description),
      blasFinding(description, process.env.OPENBLAS_CORETYPE),
      ...featureFindings(description),
      ...gpuFindings(description),
      await processesFinding(),
      ...(await datasetFindings()),
    ];
  } catch (error) {
    return [
      {
        name: 'native engine',
        state: 'broken',
        detail: reason(error),
        ...(!(error instanceof UsageError) && { remedy: setupCommand }),
      },
      processorFinding(undefined),
      {
        name: 'datasets',
        state: 'note',
        detail: 'not looked for: that takes the engine',
      },
    ];
  }
}

/** Which of several processes this is, as a launcher has told it, and where the others are to reach it. */
async function processesFinding(): Promise<Finding> {
  const name = 'processes';
  try {
    const [{ readLaunch }, { ownPlace }, { hasCollectives }] = await Promise.all([
      import('../distributed/launch.js'),
      import('../distributed/address.js'),
      import('../tensor/collective.js'),
    ]);
    if (!hasCollectives()) {
      const remedy = `install libgloo-dev, and ${setupCommand} -- --fresh`;
      return { name, state: 'note', detail: 'one alone: Gloo was not there to build with', remedy };
    }
    const launch = readLaunch();
    if (launch === undefined) return { name, state: 'ok', detail: 'one alone' };
    const { told, rank, size, localRank, localSize, job } = launch;
    const place = await ownPlace(launch);
    const where = 'address' in place ? place.address : place.interface;
    const detail = `${rank} of ${size} (${localRank} of ${localSize} on this host), told by ${told}; job ${job.id}, attempt ${job.attempt}; reached at ${where}`;
    return { name, state: 'ok', detail };
  } catch (error) {
    return { name, state: 'broken', detail: reason(error) };
  }
}

function processorFinding(cores: number | undefined, engine?: EngineDescription): Finding {
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  const threads =
    cores === undefined
      ? `${availableParallelism()} logical cores`
      : `${cores} physical cores of ${availableParallelism()} logical ones (one thread each)`;
  const kernels = engine
    ? `, ${engine.instructionSet} kernels (LibTorch's own: ${engine.cpuCapability})`
    : '';
  return { name: 'processor', state: 'ok', detail: `${model}, ${threads}${kernels}` };
}

/** Which kernels matrix products take; see `chooseBlasKernels`. */
function blasFinding({ blas }: EngineDescription, kernels: string | undefined): Finding {
  const chosen = blas === 'OpenBLAS' && kernels !== undefined ? `${kernels} of ` : '';
  return { name: 'matrix kernels', state: 'ok', detail: `${chosen}${blas}` };
}

function featureFindings(engine: EngineDescription): Finding[] {
  const { oneDnn, openMp, keepsFreedMemory } = engine;
  return [
    feature('oneDNN', oneDnn, 'convolutions are slow without', 'use a LibTorch built with oneDNN'),
    feature('OpenMP', openMp, 'operators use one thread', 'use a LibTorch built with OpenMP'),
    feature(
      'freed memory',
      keepsFreedMemory,
      'goes back to the system at every step, which costs time',
      'preload an allocator that keeps it: LD_PRELOAD=libjemalloc.so.2',
      'stays with the process',
    ),
  ];
}

function feature(
  name: string,
  present: boolean,
  missing: string,
  remedy: string,
  detail = 'present',
): Finding {
  if (present) return { name, state: 'ok', detail };
  return { name, state: 'note', detail: missing, remedy };
}

async function datasetFindings(): Promise<Finding[]> {
  const { datasetNames, loadDataset } = await import('../data/index.js');
  const findings: Finding[] = [];
  for (const name of datasetNames) {
    try {
      const { train, test } = await loadDataset(name, { cache: '.cache/data' });
      const counts = `${train.labels.length} + ${test.labels.length} images`;
      findings.push({
        name,
        state: 'ok',
        detail: `${counts} of ${train.shape.height}×${train.shape.width}`,
      });
    } catch (error) {
      findings.push({ name, state: 'note', detail: 'not usable', remedy: reason(error) });
    }
  }
  return findings;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

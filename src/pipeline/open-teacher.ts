import { UsageError } from '../core/index.js';
import type { Dataset, DatasetPair } from '../data/index.js';
import type { SoftLabelOptions, TeacherChoice } from '../evaluate/soft-labels/options.js';
import { Teacher } from '../evaluate/soft-labels/teacher.js';
import { buildModel, type ImageModel, type ModelOptions } from '../models/index.js';
import type { Plan } from '../plan/plan.js';
import type { EventSink } from '../run/index.js';
import { RandomGenerator } from '../tensor/index.js';
import { readState } from '../tensor/state-file.js';
import { pretrain } from '../train/pretrain.js';
import type { RunContext } from './run-context.js';

export interface TeacherRequest {
  readonly choice: TeacherChoice;
  readonly plan: Pick<Plan, 'model' | 'student' | 'pretrain' | 'checkpoint'>;
  readonly data: DatasetPair;
  /** Folder of trained networks, shared by runs. */
  readonly cache: string;
  /** The run's generator. */
  readonly random: RandomGenerator;
  readonly testAtOnce?: number | undefined;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/** The teacher that soft labels ask for in a run. The caller owns it. */
export function teacherOf(
  { memory, ...context }: RunContext,
  { teacher: choice }: SoftLabelOptions,
): Promise<Teacher> {
  return openTeacher({ ...context, choice, testAtOnce: memory.chunks.test });
}

/**
 * The teacher that a plan asks for: from the cache, from a file, or trained now. The caller owns it. Throws UsageError
 * for a file that does not fit, or a pool with fewer networks than are asked for.
 */
export async function openTeacher(request: TeacherRequest): Promise<Teacher> {
  const { choice, plan, data, random } = request;
  switch (choice.kind) {
    case 'pool': {
      const networks = choice.networks === 'all' ? plan.pretrain.networks : choice.networks;
      if (networks > plan.pretrain.networks) {
        throw new UsageError(
          `the teacher is to be ${networks} networks of the pool, which has ${plan.pretrain.networks} (pretrain.networks)`,
        );
      }
      return await trainedTeacher(request, plan.model, networks, plan.pretrain, 'pretrain');
    }
    case 'trained': {
      const { networks, length, model = plan.student } = choice;
      const { pool: _, ...settings } = plan.pretrain;
      return await trainedTeacher(request, model, networks, { ...settings, length }, 'teacher');
    }
    case 'file':
      return new Teacher([
        readNetwork(choice.path, choice.model ?? plan.student, data.train, random.device),
      ]);
  }
}

async function trainedTeacher(
  { plan, data, cache, random, testAtOnce, onEvent, signal }: TeacherRequest,
  model: ModelOptions,
  networks: number,
  options: Plan['pretrain'],
  stream: string,
): Promise<Teacher> {
  using pool = await pretrain({
    train: data.train,
    test: data.test,
    testAtOnce,
    model,
    options: { ...options, networks },
    cache,
    checkpoint: plan.checkpoint,
    random: random.derive(stream),
    onEvent,
    signal,
  });
  return new Teacher(
    Array.from({ length: pool.size }, (_, network) => {
      const built = emptyNetwork(model, data.train, random.device);
      pool.blendInto(built, { network, beta: 0 });
      return built;
    }),
  );
}

function emptyNetwork(model: ModelOptions, { shape, classNames }: Dataset, device: string) {
  const random = new RandomGenerator(0, device);
  return buildModel(model, shape, classNames.length, random).setRequiresGrad(false);
}

function readNetwork(
  path: string,
  model: ModelOptions,
  train: Dataset,
  device: string,
): ImageModel {
  const network = emptyNetwork(model, train, device);
  const state = readState(path);
  try {
    network.loadState(state);
    return network;
  } catch (cause) {
    network.dispose();
    throw new UsageError(
      `${path} does not hold a ${model.name} for ${train.name}: ${(cause as Error).message}`,
      { cause },
    );
  } finally {
    for (const tensor of state.values()) tensor.dispose();
  }
}

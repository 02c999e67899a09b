import { UsageError } from '../core/index.js';
import type { Dataset } from '../data/index.js';
import type { TeacherChoice } from '../evaluate/soft-labels/options.js';
import { Teacher } from '../evaluate/soft-labels/teacher.js';
import { buildModel, type ImageModel, type ModelOptions } from '../models/index.js';
import { RandomGenerator } from '../tensor/index.js';
import { readState } from '../tensor/state-file.js';
import { pretrain } from '../train/pretrain.js';
import type { PretrainRequest } from '../train/pretrain-request.js';
import { pretrainRequest, type RunContext } from './run-context.js';

/**
 * The teacher that soft labels ask for in a run: from the cache, from a file, or trained now. The caller owns it. Throws
 * UsageError for a file that does not fit, or a pool with fewer networks than are asked for.
 */
export async function openTeacher(context: RunContext, choice: TeacherChoice): Promise<Teacher> {
  const { plan, data } = context;
  switch (choice.kind) {
    case 'pool': {
      const networks = choice.networks === 'all' ? plan.pretrain.networks : choice.networks;
      if (networks > plan.pretrain.networks) {
        throw new UsageError(
          `the teacher is to be ${networks} networks of the pool, which has ${plan.pretrain.networks} (pretrain.networks)`,
        );
      }
      const options = { ...plan.pretrain, networks };
      return await trainedTeacher(pretrainRequest(context, { options }));
    }
    case 'trained': {
      const { networks, length, model = plan.student } = choice;
      const { pool: _, ...settings } = plan.pretrain;
      const options = { ...settings, length, networks };
      const random = context.random.derive('teacher');
      const own = { model, options, trajectories: undefined, random };
      return await trainedTeacher(pretrainRequest(context, own));
    }
    case 'file':
      return new Teacher([
        readNetwork(choice.path, choice.model ?? plan.student, data.train, plan.device),
      ]);
  }
}

async function trainedTeacher(request: PretrainRequest): Promise<Teacher> {
  const { model, train, random } = request;
  using pool = await pretrain(request);
  return new Teacher(
    Array.from({ length: pool.size }, (_, network) => {
      const built = emptyNetwork(model, train, random.device);
      pool.writeInto(built, { network, beta: 0 });
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

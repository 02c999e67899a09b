import { Artifacts, UsageError } from '../core/index.js';
import type { DatasetPair } from '../data/index.js';
import type { Formation } from '../distill/index.js';
import { decodeStored, stepSizeOf } from '../distill/product.js';
import type { CompareRequest, DecodedSet } from '../evaluate/compare.js';
import { type EvaluationProtocol, evaluationProtocol } from '../evaluate/protocol.js';
import type { EvaluateOptions } from '../evaluate/request.js';
import { loadSoftLabels, type SoftLabelMetadata } from '../evaluate/soft-labels/store.js';
import type { Teacher } from '../evaluate/soft-labels/teacher.js';
import { resolveModel } from '../models/index.js';
import type { RunDirectory } from '../run/index.js';
import { type Tensor, toDeviceOf } from '../tensor/index.js';
import { openEvaluationWorkers } from './evaluation-workers.js';
import { openTeacher } from './open-teacher.js';
import {
  networksFolder,
  type PipelineRequest,
  productFolder,
  type RunContext,
  scratchFolder,
} from './run-context.js';

/** A set of training images, on the plan's device; owns its tensors. */
export interface OpenedSet extends DecodedSet, Disposable {
  /** Images that the set stores for a class, on average: as many random real ones are compared with. */
  readonly imagesPerClass: number;
  /** What its networks are to be trained at, where it has learned that. */
  readonly stepSize?: number | undefined;
  /** How they were decoded, where the protocol is to say so. */
  readonly formation?: Formation;
  /** Where its soft labels come from. They are used when that is what the plan asks for, and always when it isn't known. */
  readonly labelledBy?: SoftLabelMetadata;
}

/** Whose set is evaluated: a run's, in its folder, or any other, by what opens it for the plan's data. */
export type SetSource = { readonly directory: RunDirectory } | ForeignSource;

/** A set that no run here has made. */
export interface ForeignSource {
  readonly open: (data: DatasetPair) => Promise<OpenedSet>;
  /** Keeps each network's figures, as a run's folder does of its own. */
  readonly finished?: Artifacts | undefined;
}

/** What a task on a set is given; of the plan what it says of distilling is not used where no run has made the set. */
export type SetRequest<Source extends SetSource = SetSource> = Omit<PipelineRequest, 'directory'> &
  Source;

/** A set to be evaluated, and what that takes; owns all of it. */
export interface SetEvaluation extends Disposable {
  readonly set: DecodedSet;
  readonly request: CompareRequest;
  readonly protocol: EvaluationProtocol;
}

/** Opens a set, the teacher where soft labels are to be given, and the processes that train networks. */
export async function openForEvaluation(
  source: SetSource,
  context: RunContext,
): Promise<SetEvaluation> {
  const { plan, data, memory, random, group, onEvent, signal } = context;
  const { labels } = plan.evaluate;
  const owned: Disposable[] = [];
  const own = <T extends Disposable | undefined>(value: T): T => {
    if (value !== undefined) owned.push(value);
    return value;
  };
  const dispose = (): void => {
    for (const value of owned) value[Symbol.dispose]();
  };
  try {
    const run = 'directory' in source ? source.directory : undefined;
    const set = own('open' in source ? await source.open(data) : openStored(source, context));
    const { images, imagesPerClass, labelledBy, formation } = set;
    // For a set with labels of its own, too: the real images beside it are to have labels of the same kind.
    const teacher =
      labels.mode === 'hard' ? undefined : own(await openTeacher(context, labels.teacher));
    const usable = labelledBy === undefined || gave(teacher, labelledBy, context);
    const probabilities = usable ? set.probabilities : undefined;
    return {
      set: { images, ...(set.labels && { labels: set.labels }), probabilities },
      request: {
        plan: { ...plan, evaluate: atRate(plan.evaluate, set), distill: { imagesPerClass } },
        data,
        testAtOnce: memory.chunks.test,
        teacher,
        random,
        finished:
          'open' in source
            ? source.finished
            : new Artifacts(source.directory.pathOf(networksFolder)),
        group,
        workers: own(openEvaluationWorkers(context, run?.pathOf(scratchFolder))),
        onEvent,
        signal,
      },
      protocol: evaluationProtocol(resolveModel(plan.student, data.train.shape), plan.evaluate, {
        normalization: data.train.normalization,
        ...(formation && { formation }),
      }),
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The options with the rate that they ask for. Throws UsageError when that is the set's, and it has none. */
function atRate(options: EvaluateOptions, { stepSize }: OpenedSet): EvaluateOptions {
  if (options.rate !== 'set') return options;
  if (stepSize === undefined) {
    throw new UsageError(
      'evaluate.rate: set is for sets that have learned a step size (distill.method mtt or tesla), and this one has not; use given',
    );
  }
  return { ...options, optimizer: { ...options.optimizer, learningRate: stepSize } };
}

/** A set in a run's folder, its product or its start, with the soft labels beside it where the plan asks for such. */
export function openStored(
  { directory }: { readonly directory: RunDirectory },
  { plan, data: { train }, random }: RunContext,
  part = productFolder,
): OpenedSet {
  const folder = directory.pathOf(part);
  const { imagesPerClass, formation } = plan.distill;
  const images = decodeStored(folder, { train, imagesPerClass, device: random.device });
  try {
    const stored =
      plan.evaluate.labels.mode === 'static'
        ? loadSoftLabels(folder, [images.size(0), train.classNames.length])
        : undefined;
    const probabilities = stored && movedTo(images.device, stored.probabilities);
    return {
      images,
      imagesPerClass,
      formation,
      stepSize: stepSizeOf(folder),
      ...(stored && { probabilities, labelledBy: stored.metadata }),
      [Symbol.dispose]: () => {
        images.dispose();
        probabilities?.dispose();
      },
    };
  } catch (error) {
    images.dispose();
    throw error;
  }
}

function movedTo(device: string, value: Tensor): Tensor {
  using there = value;
  return toDeviceOf(there, device);
}

/** Whether soft labels are those that this teacher would give now. */
function gave(
  teacher: Teacher | undefined,
  { teacher: { hash }, temperature, correctToHard }: SoftLabelMetadata,
  { plan: { evaluate } }: RunContext,
): boolean {
  const { labels } = evaluate;
  return (
    labels.mode === 'static' &&
    hash === teacher?.hash &&
    temperature === labels.temperature &&
    correctToHard === labels.correctToHard
  );
}

import { decodedPerClass } from '../../distill/formation.js';
import { initializeSynthetic } from '../../distill/synthetic.js';
import type { Distiller, ImageRequirement, Method, MethodInput, StepReport } from '../method.js';
import { clusterClasses } from './clusters.js';
import { Condenser } from './condenser.js';
import { flattenState, unflattenState } from './condenser-state.js';
import { ncfmDefaults } from './defaults.js';
import { requireExtractor } from './extractors.js';
import type { IterationReport, NcfmOptions } from './options.js';
import { ncfmProblems, realImages } from './problems.js';
import { ncfmSchema } from './schema.js';

/** Neural characteristic function matching (Wang et al., CVPR 2025). */
export const ncfm: Method<NcfmOptions> = {
  name: 'ncfm',
  title: 'NCFM',
  loss: 'discrepancy',
  material: 'pool',
  schema: ncfmSchema,
  defaults: ncfmDefaults,
  problems: ncfmProblems,
  requireNetwork: (network, { extractors }) => requireExtractor(network, extractors),
  recording: ({ extractors }) =>
    extractors.kind === 'blend' ? undefined : { kind: 'parts', parts: extractors.parts },
  realPerClass: (options) => realImages(options).perClass,
  requirements,
  kinds,
  start,
};

function requirements({ matching, formation, imagesPerClass }: NcfmOptions): ImageRequirement[] {
  if (matching.strategy === 'plain') return [{ images: 1, purpose: 'for matching' }];
  const clusters = decodedPerClass(formation, imagesPerClass);
  return [{ images: clusters, purpose: `for ${clusters} clusters` }];
}

/** An iteration that draws real images takes longer than those that share its draw. */
function kinds(options: NcfmOptions): ReturnType<NonNullable<Method<NcfmOptions>['kinds']>> {
  const { amortize, iterations } = options;
  if (amortize === 1) return { options, counts: [iterations] };
  const draws = Math.ceil(iterations / amortize);
  return { options: { ...options, amortize: 2 }, counts: [draws, iterations - draws] };
}

async function start(input: MethodInput<NcfmOptions>): Promise<Distiller> {
  const { dataset, pool, buildModel, options, chunks, random } = input;
  if (pool === undefined) throw new TypeError('NCFM compares features of a pool of networks');
  const clusters = await clustersOf({ ...input, pool });
  const { imagesPerClass, formation, initialization } = options;
  const synthetic = initializeSynthetic(dataset, {
    imagesPerClass,
    formation,
    initialization,
    random: random.derive('start'),
    ...(clusters && initialization.kind === 'mix' ? { candidates: clusters } : {}),
  });
  try {
    const condenser = new Condenser({
      dataset,
      synthetic,
      pool,
      buildModel,
      options,
      random: random.derive('condense'),
      group: input.group,
      ...(clusters && { clusters }),
      ...(chunks && { chunks }),
    });
    return distillerOf(condenser);
  } catch (error) {
    synthetic.dispose();
    throw error;
  }
}

async function clustersOf({
  dataset,
  pool,
  buildModel,
  options: { matching, formation, imagesPerClass },
  chunks,
  random,
  signal,
}: MethodInput<NcfmOptions> & { readonly pool: NonNullable<MethodInput['pool']> }) {
  if (matching.strategy === 'plain') return undefined;
  return await clusterClasses({
    dataset,
    pool,
    buildModel,
    perClass: decodedPerClass(formation, imagesPerClass),
    groups: matching.groups,
    imagesAtOnce: chunks?.real,
    random: random.derive('clusters'),
    signal,
  });
}

export function distillerOf(condenser: Condenser): Distiller {
  return {
    synthetic: condenser.synthetic,
    get iteration() {
      return condenser.iteration;
    },
    synchronize: () => condenser.synchronize(),
    step: () => reportOf(condenser.step(), condenser.iteration),
    goesAhead: condenser.goesAhead,
    stepAhead: () => {
      const report = condenser.stepAhead();
      const { iteration } = condenser;
      return () => reportOf(report(), iteration);
    },
    getState: () => flattenState(condenser.getState()),
    setState: ({ tensors, values }) =>
      condenser.setState(
        unflattenState({
          tensors,
          values: values as Parameters<typeof unflattenState>[0]['values'],
        }),
      ),
    [Symbol.dispose]: () => condenser.dispose(),
  };
}

function reportOf(report: IterationReport, iteration: number): StepReport {
  const { discrepancy, fineTuneLoss, frequencyScale, frequencyObjective, mixtureScales } = report;
  const warning = collapseWarning(mixtureScales, iteration);
  return {
    loss: discrepancy,
    terms: {
      ...(fineTuneLoss !== undefined && { fineTuningLoss: fineTuneLoss }),
      frequencyScale,
      ...(frequencyObjective !== undefined && { samplingObjective: frequencyObjective }),
      ...(mixtureScales && { leastScale: mixtureScales[0], largestScale: mixtureScales[1] }),
    },
    learningRate: report.learningRate,
    ...(report.skipped && { skipped: true }),
    ...(warning !== undefined && { warnings: [{ kind: 'collapsed', message: warning }] }),
  };
}

/** A sampling network whose scales differ by less has collapsed to a single Gaussian. */
const leastSpread = 1.01;

function collapseWarning(scales: IterationReport['mixtureScales'], iteration: number) {
  if (scales === undefined || scales[1] / scales[0] >= leastSpread) return undefined;
  return `the sampling network has collapsed at iteration ${iteration}: all of its scales are ${scales[1].toPrecision(3)} times the base, so that it draws from a single Gaussian. Try a smaller learning rate (distill.frequencies.optimizer), another objective, or distill.frequencies.kind gaussian`;
}

import { writeFileAtomic } from '../core/index.js';
import type { Dataset } from '../data/index.js';
import type { SyntheticImages } from '../distill/index.js';
import { loadDistilled } from '../distill/product.js';
import type { RunComparison } from '../evaluate/compare.js';
import type { Summary } from '../evaluate/statistics.js';
import { methodOf } from '../methods/registry.js';
import type { Plan } from '../plan/plan.js';
import { writeComparison, writeImageGrid } from '../report/pictures.js';
import type { RunDirectory, Snapshot } from '../run/index.js';
import { startFolder } from './run-context.js';

/** Draws what a distillation looks like into its run directory: the images as they change, and the loss curve. */
export class RunPictures {
  readonly #directory: RunDirectory;
  readonly #dataset: Dataset;
  readonly #plan: Plan;
  #start: Float32Array | undefined;
  #latest: Float32Array | undefined;

  constructor(directory: RunDirectory, dataset: Dataset, plan: Plan) {
    this.#directory = directory;
    this.#dataset = dataset;
    this.#plan = plan;
  }

  /** Whether the images' turn to be drawn has come: start, end, every `snapshotEvery`. */
  isDue(iteration: number): boolean {
    const { snapshotEvery, distill } = this.#plan;
    return iteration === distill.iterations || iteration % snapshotEvery === 0;
  }

  /** Draws the images when their turn has come; what to tell of it then. */
  async snapshot(iteration: number, synthetic: SyntheticImages): Promise<Snapshot | undefined> {
    if (!this.isDue(iteration)) return undefined;
    const pixels = synthetic.images.toFloat32Array();
    if (iteration === 0) this.#start = pixels;
    this.#latest = pixels;
    const path = this.#directory.pathOf('snapshots', `${String(iteration).padStart(6, '0')}.png`);
    const caption = `iteration ${iteration}`;
    const cells = await writeImageGrid({ ...this.#layout(), pixels, path, caption });
    return { type: 'snapshot', iteration, path, cells };
  }

  /** Draws the loss curve, one value for each iteration (one alone is none), and the start beside the result. */
  async finish(losses: readonly number[]): Promise<void> {
    if (losses.length > 1) await this.#drawCurve(losses);
    const start = this.#start ?? storedPixels(this.#directory.pathOf(startFolder));
    if (this.#latest === undefined) return;
    const { columns, ...layout } = this.#layout();
    const { iterations } = this.#plan.distill;
    const caption = `after ${iterations} iteration${iterations === 1 ? '' : 's'}`;
    await writeComparison({
      ...layout,
      panels: [
        { pixels: start, columns, caption: 'start' },
        { pixels: this.#latest, columns, caption },
      ],
      path: this.#directory.pathOf('images.png'),
    });
  }

  async #drawCurve(losses: readonly number[]): Promise<void> {
    const { loss, title } = methodOf(this.#plan.distill.method);
    const { lineChart } = await import('../report/chart.js');
    const curve = lineChart({
      title: `Distilling ${this.#dataset.name} by ${title}`,
      xLabel: 'iteration',
      yLabel: loss,
      series: [
        {
          name: loss,
          points: losses.flatMap((value, index) =>
            // An iteration that was left out may have none.
            Number.isFinite(value) ? [[index + 1, value] as const] : [],
          ),
        },
      ],
    });
    writeFileAtomic(this.#directory.pathOf('loss.svg'), curve);
  }

  #layout() {
    const { shape, classNames } = this.#dataset;
    return { shape, columns: this.#plan.distill.imagesPerClass, rowLabels: classNames };
  }
}

/** The pixels of a distilled set in a folder, as it is stored. */
function storedPixels(folder: string): Float32Array {
  using images = loadDistilled(folder, 'cpu').images;
  return images.toFloat32Array();
}

export async function drawAccuracies(
  path: string,
  { random, start, distilled }: { readonly [set in keyof RunComparison]: Summary },
  method: string,
): Promise<void> {
  const bar = (name: string, { mean, std }: Summary) => ({
    name,
    value: mean,
    ...(std !== null && { error: std }),
  });
  const { barChart } = await import('../report/bar-chart.js');
  const chart = barChart({
    title: 'Accuracy of networks trained on each set',
    valueLabel: 'accuracy (%)',
    bars: [
      bar('random real', random),
      bar('unoptimised start', start),
      bar(method.toUpperCase(), distilled),
    ],
  });
  writeFileAtomic(path, chart);
}

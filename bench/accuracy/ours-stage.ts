import { distill, labelsByClass, type SyntheticImages } from 'ncfm/methods';
import { buildModel } from 'ncfm/models';
import { savePt } from 'ncfm/tensor';
import { type Context, generator, openPool, planFor, poolSettings, say } from './context.js';
import type { Distillation, Snapshot } from './store.js';

/** Distils with our presets, once for each number of iterations. */
export async function oursStage(context: Context): Promise<void> {
  const { store, options } = context;
  store.require('pretrain', poolSettings(context), 'pretrain');
  for (const imagesPerClass of options.imagesPerClass) {
    for (const iterations of options.iterations) {
      const name = oursName(imagesPerClass, iterations);
      if (store.read(name, oursSettings(context)) !== undefined) continue;
      say(`ours: distilling ${imagesPerClass} images per class, ${iterations} iterations`);
      const result = await distilOnce(context, imagesPerClass, iterations);
      store.write(name, oursSettings(context), result);
    }
  }
}

async function distilOnce(
  context: Context,
  imagesPerClass: number,
  iterations: number,
): Promise<Distillation> {
  const { train } = context.data;
  const plan = planFor(context, imagesPerClass);
  const name = oursName(imagesPerClass, iterations);
  using pool = await openPool(context);
  const recorder = new Recorder(context, name, iterations);
  const synthetic = await distill({
    train,
    pool,
    buildModel: () =>
      buildModel(plan.model, train.shape, train.classNames.length, generator('network')),
    options: { ...plan.distill, iterations },
    random: generator(name),
    onEvent: () => {},
    onImages: (iteration, images) => recorder.record(iteration, images),
  });
  synthetic.dispose();
  const label = `ours, ${iterations} iterations`;
  return { side: 'ours', imagesPerClass, label, snapshots: recorder.snapshots };
}

/** Saves images at about geometric times; the time that saving takes is not counted. */
class Recorder {
  readonly snapshots: Snapshot[] = [];
  readonly #started = performance.now();
  #saving = 0;
  #due = 0;

  constructor(
    private readonly context: Context,
    private readonly name: string,
    private readonly iterations: number,
  ) {}

  record(iteration: number, synthetic: SyntheticImages): void {
    const now = performance.now();
    const seconds = (now - this.#started - this.#saving) / 1000;
    if (seconds < this.#due && iteration < this.iterations) return;
    const { store, options } = this.context;
    const path = store.path(this.name, `iteration-${String(iteration).padStart(6, '0')}.pt`);
    using labels = labelsByClass(synthetic.classes, synthetic.imagesPerClass, 'cpu');
    savePt(path, [synthetic.images, labels]);
    this.snapshots.push({ iteration, seconds, path: store.relative(path) });
    say(`ours: iteration ${iteration} of ${this.iterations}, ${seconds.toFixed(1)} s`);
    // The start, before which nothing was distilled, does not delay the next one.
    this.#due = iteration === 0 ? 0 : seconds * options.snapshotRatio;
    this.#saving += performance.now() - now;
  }
}

/** The name of the result for so many images per class and iterations. */
export function oursName(imagesPerClass: number, iterations: number): string {
  return `ours-ipc${imagesPerClass}-${iterations}`;
}

/** What the result depends on. */
export function oursSettings(context: Context): object {
  const { snapshotRatio, overrides } = context.options;
  return { ...poolSettings(context), snapshotRatio, overrides };
}

import type { ImageModel } from '../models/index.js';
import type { TestMetrics } from '../train/metrics.js';
import { testAccuracy } from '../train/test-network.js';
import type { EvaluateRequest } from './request.js';
import type { CurvePoint } from './results.js';

/** Tests a network at evenly spaced steps of its training, the last one included; never when there are to be no points. */
export class CurveRecorder {
  readonly #request: EvaluateRequest;
  readonly #model: ImageModel;
  readonly #due: ReadonlySet<number>;
  readonly #points: CurvePoint[] = [];

  constructor(request: EvaluateRequest, model: ImageModel) {
    this.#request = request;
    this.#model = model;
    this.#due = new Set(curveSteps(request.steps, request.options.curve.points));
  }

  get points(): readonly CurvePoint[] {
    return this.#points;
  }

  /** To be called after every step but the last, whose test `finish` is given. */
  async afterStep(step: number): Promise<void> {
    const { steps, test } = this.#request;
    if (step === steps || !this.#due.has(step)) return;
    this.#points.push({
      step,
      test: await testAccuracy(this.#model, test, this.#options),
      ...(await this.#training()),
    });
  }

  async finish({ accuracy }: TestMetrics): Promise<void> {
    const { steps } = this.#request;
    if (this.#due.size === 0) return;
    this.#points.push({ step: steps, test: accuracy, ...(await this.#training()) });
  }

  async #training(): Promise<{ training?: number }> {
    const { trainingSample } = this.#request;
    if (trainingSample === undefined) return {};
    return { training: await testAccuracy(this.#model, trainingSample, this.#options) };
  }

  get #options() {
    const { random, testAtOnce, signal } = this.#request;
    return { device: random.device, imagesAtOnce: testAtOnce, signal };
  }
}

/** The steps of `points` tests, evenly spaced, the last one at the end; each once. */
export function curveSteps(steps: number, points: number): number[] {
  const at = (point: number): number => Math.max(1, Math.round((steps * (point + 1)) / points));
  return [...new Set(Array.from({ length: points }, (_, point) => at(point)))];
}

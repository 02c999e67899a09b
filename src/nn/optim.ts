import { UsageError } from '../core/index.js';
import { keep, noGrad, scope, type Tensor, zeros } from '../tensor/index.js';

/** The settings of an optimiser; the update rules and defaults are those of `torch.optim`. */
export type OptimizerOptions = SgdOptions | AdamOptions;

interface SharedOptions {
  readonly learningRate: number;
  readonly weightDecay?: number;
  /** What the weight decay is for: 'weights' for tensors of two dimensions or more, not for biases and scales. Default: all. */
  readonly decay?: 'all' | 'weights';
}

interface SgdOptions extends SharedOptions {
  readonly kind: 'sgd';
  readonly momentum?: number;
}

interface AdamOptions extends SharedOptions {
  /** 'adamw' decouples the weight decay from the gradient, 'adam' adds it to the gradient. */
  readonly kind: 'adam' | 'adamw';
  readonly betas?: readonly [number, number];
  readonly epsilon?: number;
}

/** What an optimiser remembers between steps; enough to continue exactly. The tensors stay the optimiser's. */
export interface OptimizerState {
  readonly step: number;
  /** 'momentum.0', 'mean.0', 'square.0', …: one per kind and parameter. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Changes the parameters it was made for, in place, by the gradients given at each step. */
export abstract class Optimizer implements Disposable {
  /** Used by the next step; schedules set it. */
  learningRate: number;
  protected readonly parameters: readonly Tensor[];
  protected steps = 0;
  readonly #slots = new Map<string, Tensor[]>();
  readonly #weightDecay: number;
  readonly #decayed: (parameter: Tensor) => boolean;

  protected constructor(parameters: readonly Tensor[], options: OptimizerOptions) {
    const { learningRate, weightDecay, kind, decay } = options;
    this.parameters = parameters;
    this.learningRate = learningRate;
    this.#weightDecay = weightDecay ?? (kind === 'adamw' ? 0.01 : 0);
    this.#decayed = ({ rank }) => decay !== 'weights' || rank >= 2;
  }

  protected weightDecayOf(parameter: Tensor): number {
    return this.#decayed(parameter) ? this.#weightDecay : 0;
  }

  /** One tensor of zeros per parameter, kept between steps. */
  protected slot(name: string): Tensor[] {
    const tensors = noGrad(() =>
      this.parameters.map((parameter) =>
        keep(zeros(parameter.shape, { dtype: parameter.dtype, device: parameter.device })),
      ),
    );
    this.#slots.set(name, tensors);
    return tensors;
  }

  protected abstract update(index: number, parameter: Tensor, gradient: Tensor): void;

  /** Applies one step: `gradients` has one tensor per parameter, of its shape. Throws RangeError for another number. */
  step(gradients: readonly Tensor[]): void {
    if (gradients.length !== this.parameters.length) {
      throw new RangeError(`expected ${this.parameters.length} gradients, got ${gradients.length}`);
    }
    this.steps += 1;
    noGrad(() => {
      for (const [index, parameter] of this.parameters.entries()) {
        scope(() => this.update(index, parameter, gradients[index]!));
      }
    });
  }

  getState(): OptimizerState {
    const tensors = new Map<string, Tensor>();
    for (const [name, slot] of this.#slots) {
      for (const [index, tensor] of slot.entries()) tensors.set(`${name}.${index}`, tensor);
    }
    return { step: this.steps, tensors };
  }

  /** Continues from a stored state (values are copied). Throws UsageError when it is not of this optimiser. */
  setState(state: OptimizerState): void {
    const own = this.getState().tensors;
    for (const [name, tensor] of own) {
      const value = state.tensors.get(name);
      if (value === undefined || value.shape.join() !== tensor.shape.join()) {
        throw new UsageError(
          `the optimiser state does not fit: '${name}' is missing or has another shape`,
        );
      }
    }
    for (const [name, tensor] of own) tensor.copy_(state.tensors.get(name)!);
    this.steps = state.step;
  }

  /** Forgets all steps: it goes on like a new optimiser at the parameters as they are. */
  reset(): void {
    for (const tensor of this.#tensors()) noGrad(() => tensor.zero_());
    this.steps = 0;
  }

  dispose(): void {
    for (const tensor of this.#tensors()) tensor.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #tensors(): Tensor[] {
    return [...this.#slots.values()].flat();
  }
}

class Sgd extends Optimizer {
  readonly #momentum: number;
  readonly #velocity: Tensor[] | undefined;

  constructor(parameters: readonly Tensor[], options: SgdOptions) {
    super(parameters, options);
    this.#momentum = options.momentum ?? 0;
    this.#velocity = this.#momentum === 0 ? undefined : this.slot('momentum');
  }

  protected override update(index: number, parameter: Tensor, gradient: Tensor): void {
    const weightDecay = this.weightDecayOf(parameter);
    const decayed = weightDecay === 0 ? gradient : parameter.mul(weightDecay).add(gradient);
    const velocity = this.#velocity?.[index];
    // From zero, μ·0 + g is PyTorch's first velocity too.
    const direction =
      velocity === undefined ? decayed : velocity.mul_(this.#momentum).add_(decayed);
    parameter.add_(direction, -this.learningRate);
  }
}

class Adam extends Optimizer {
  readonly #options: Required<Pick<AdamOptions, 'kind' | 'betas' | 'epsilon'>>;
  readonly #mean: Tensor[];
  readonly #square: Tensor[];

  constructor(parameters: readonly Tensor[], options: AdamOptions) {
    super(parameters, options);
    this.#options = { betas: [0.9, 0.999], epsilon: 1e-8, ...options };
    this.#mean = this.slot('mean');
    this.#square = this.slot('square');
  }

  protected override update(index: number, parameter: Tensor, gradient: Tensor): void {
    const { kind, betas, epsilon } = this.#options;
    const weightDecay = this.weightDecayOf(parameter);
    if (kind === 'adamw') parameter.mul_(1 - this.learningRate * weightDecay);
    const coupled = kind === 'adam' && weightDecay !== 0;
    const decayed = coupled ? parameter.mul(weightDecay).add(gradient) : gradient;
    const mean = this.#mean[index]!.lerp_(decayed, 1 - betas[0]);
    const square = this.#square[index]!.mul_(betas[1]).addcmul_(decayed, decayed, 1 - betas[1]);
    const meanCorrection = 1 - betas[0] ** this.steps;
    const squareCorrection = 1 - betas[1] ** this.steps;
    const deviation = square
      .sqrt()
      .mul_(1 / Math.sqrt(squareCorrection))
      .add(epsilon);
    parameter.addcdiv_(mean, deviation, -this.learningRate / meanCorrection);
  }
}

/** An optimiser over `parameters` (leaf tensors, changed in place; they stay the caller's). */
export function createOptimizer(
  parameters: readonly Tensor[],
  options: OptimizerOptions,
): Optimizer {
  return options.kind === 'sgd' ? new Sgd(parameters, options) : new Adam(parameters, options);
}

export interface StepSizeOptions {
  readonly initial: number;
  /** Of its own plain descent. */
  readonly learningRate: number;
  readonly momentum: number;
}

export interface StepSizeState {
  readonly value: number;
  readonly velocity: number;
}

/**
 * The step size β of the inner steps, which descends the loss beside the images, by SGD with momentum. A plain step can
 * take it below 0, where the students would climb: for a step down by d it becomes β·(β + d) / (β + 2d), which for
 * a small one is β − d, and is never less than half of β.
 */
export class StepSize {
  readonly #options: StepSizeOptions;
  #value: number;
  #velocity = 0;

  constructor(options: StepSizeOptions) {
    this.#options = options;
    this.#value = options.initial;
  }

  get value(): number {
    return this.#value;
  }

  descend(gradient: number): void {
    const { learningRate, momentum } = this.#options;
    this.#velocity = momentum * this.#velocity + gradient;
    const value = this.#value;
    const down = learningRate * this.#velocity;
    this.#value = down > 0 ? (value * (value + down)) / (value + 2 * down) : value - down;
  }

  getState(): StepSizeState {
    return { value: this.#value, velocity: this.#velocity };
  }

  setState({ value, velocity }: StepSizeState): void {
    this.#value = value;
    this.#velocity = velocity;
  }
}

import {
  createOptimizer,
  type Optimizer,
  type OptimizerOptions,
  type OptimizerState,
  type Schedule,
  type ScheduleOptions,
  type ScheduleState,
  startSchedule,
} from '../nn/index.js';
import { noGrad, scope, type Tensor, where } from '../tensor/index.js';

export interface ScheduledOptimizerOptions {
  readonly parameters: readonly Tensor[];
  readonly optimizer: OptimizerOptions;
  /** Constant when left out. */
  readonly schedule?: ScheduleOptions | undefined;
  /** Steps that the schedule is over. */
  readonly iterations: number;
}

/** Where it stands; the parameters are kept by their owner. The tensors stay its own. */
export interface ScheduledOptimizerState {
  readonly optimizer: OptimizerState;
  readonly schedule: ScheduleState;
}

/** Parameters, which it does not own, with their optimiser and its schedule. */
export class ScheduledOptimizer implements Disposable {
  readonly parameters: readonly Tensor[];
  readonly #optimizer: Optimizer;
  readonly #schedule: Schedule;
  readonly #initialRate: number;

  constructor({ parameters, optimizer, schedule, iterations }: ScheduledOptimizerOptions) {
    this.parameters = parameters;
    this.#optimizer = createOptimizer(parameters, optimizer);
    this.#schedule = startSchedule(schedule ?? { kind: 'constant' }, iterations);
    this.#initialRate = optimizer.learningRate;
  }

  /** That of the coming step. */
  get learningRate(): number {
    return this.#initialRate * this.#schedule.factor();
  }

  /** Steps down the gradients of the parameters. */
  descend(gradients: readonly Tensor[]): void {
    this.#optimizer.learningRate = this.learningRate;
    this.#optimizer.step(gradients);
  }

  /** Does something that moves the parameters; where it throws, they and the optimiser are as they were before. */
  attempt(move: () => void): void {
    scope(() => {
      const { step, tensors } = this.#optimizer.getState();
      const parameters = this.parameters.map((parameter) => parameter.detach().clone());
      const copies = new Map([...tensors].map(([name, value]) => [name, value.clone()] as const));
      try {
        move();
      } catch (error) {
        this.#optimizer.setState({ step, tensors: copies });
        noGrad(() => {
          for (const [index, parameter] of this.parameters.entries())
            parameter.copy_(parameters[index]!);
        });
        throw error;
      }
    });
  }

  /**
   * Does something that moves the parameters and tells, as a scalar on their device, whether it holds; where it does not,
   * they and what the optimiser remembers are as they were before, but for the number of steps. The host does not wait.
   */
  moveIf(move: () => Tensor): void {
    scope(() => {
      const moved = [...this.parameters, ...this.#optimizer.getState().tensors.values()];
      const before = moved.map((value) => value.detach().clone());
      const holds = move();
      noGrad(() => {
        for (const [index, value] of moved.entries())
          value.copy_(where(holds, value, before[index]!));
      });
    });
  }

  /**
   * Ends a step; a plateau schedule watches `value`, smaller being better, and takes it to be positive. Undefined for
   * a step that was left out.
   */
  advance(value: number | undefined): void {
    this.#schedule.advance(value);
    if (this.#schedule.restarts()) this.#optimizer.reset();
  }

  getState(): ScheduledOptimizerState {
    return { optimizer: this.#optimizer.getState(), schedule: this.#schedule.getState() };
  }

  /** Goes on from a state (values are copied). Throws UsageError when it is another optimiser's. */
  setState({ optimizer, schedule }: ScheduledOptimizerState): void {
    this.#optimizer.setState(optimizer);
    this.#schedule.setState(schedule);
  }

  dispose(): void {
    this.#optimizer.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

import { UsageError } from '../core/index.js';
import { keep, noGrad, type RandomGenerator, type Tensor } from '../tensor/index.js';

/**
 * How a network runs. In training, batch normalisation uses the batch's statistics and moves its running ones, and
 * dropout draws from `random`; in evaluation the running statistics are used, nothing is drawn and nothing changes.
 * `twice-differentiable` is evaluation by LibTorch's operators alone, slower, whose gradients have gradients.
 */
export type Mode =
  | { readonly kind: 'train'; readonly random: RandomGenerator }
  | { readonly kind: 'evaluate' | 'twice-differentiable' };

/** The mode of everything that is not a step of training. */
export const evaluation: Mode = { kind: 'evaluate' };

/**
 * A part of a network that owns tensors: trainable parameters, buffers (statistics that are stored but not trained)
 * and children. Names are joined by dots, as in PyTorch's state dictionaries. Disposing a module releases them all.
 */
export abstract class Module implements Disposable {
  readonly #parameters = new Map<string, Tensor>();
  readonly #buffers = new Map<string, Tensor>();
  readonly #dispensable = new Map<string, Tensor>();
  readonly #children = new Map<string, Module>();

  /** Registers a trainable tensor; the module owns it from here on. */
  protected parameter(name: string, value: Tensor): Tensor {
    this.#parameters.set(name, keep(value).setRequiresGrad(true));
    return value;
  }

  /**
   * Registers a tensor that belongs to the state but is not trained. A state that is loaded may lack a `dispensable`
   * one, which is then left as it is.
   */
  protected buffer(name: string, value: Tensor, { dispensable = false } = {}): Tensor {
    this.#buffers.set(name, keep(value));
    if (dispensable) this.#dispensable.set(name, value);
    return value;
  }

  protected child<T extends Module>(name: string, module: T): T {
    this.#children.set(name, module);
    return module;
  }

  /** The trainable tensors in order of registration, children included. */
  parameters(): Tensor[] {
    return [...this.namedParameters().values()];
  }

  namedParameters(): Map<string, Tensor> {
    return this.#collect((module) => module.#parameters);
  }

  /** Parameters and buffers by name: everything that is stored. The tensors stay the module's. */
  state(): Map<string, Tensor> {
    return new Map([...this.namedParameters(), ...this.#collect((module) => module.#buffers)]);
  }

  /** The name here of a tensor that a stored state calls `name`: other spellings of a known network are told so. */
  protected ownName(name: string): string {
    return name;
  }

  /**
   * Copies stored values into the module's own tensors. Throws UsageError naming the tensors that are missing, unknown
   * or of another shape; nothing is changed then.
   */
  loadState(stored: ReadonlyMap<string, Tensor>): void {
    const own = this.state();
    const dispensable = this.#collect((module) => module.#dispensable);
    const values = new Map([...stored].map(([name, value]) => [this.ownName(name), value]));
    const problems = [...values.keys()]
      .filter((name) => !own.has(name))
      .map((name) => `unknown tensor '${name}'`);
    for (const [name, target] of own) {
      const value = values.get(name);
      if (value === undefined) {
        if (!dispensable.has(name)) problems.push(`missing tensor '${name}'`);
      } else if (value.shape.join() !== target.shape.join()) {
        problems.push(
          `'${name}' has shape [${value.shape.join(', ')}], expected [${target.shape.join(', ')}]`,
        );
      }
    }
    if (problems.length > 0)
      throw new UsageError(`the state does not fit this network: ${problems.join('; ')}`);
    noGrad(() => {
      for (const [name, value] of values) own.get(name)!.copy_(value);
    });
  }

  /** Turns gradients with respect to the parameters on or off; a frozen network passes gradients to its input only. */
  setRequiresGrad(value: boolean): this {
    for (const parameter of this.parameters()) parameter.setRequiresGrad(value);
    return this;
  }

  dispose(): void {
    for (const tensor of this.state().values()) tensor.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #collect(select: (module: Module) => Map<string, Tensor>, prefix = ''): Map<string, Tensor> {
    const found = new Map<string, Tensor>();
    for (const [name, value] of select(this)) found.set(prefix + name, value);
    for (const [name, child] of this.#children) {
      for (const [key, value] of child.#collect(select, `${prefix}${name}.`)) found.set(key, value);
    }
    return found;
  }
}

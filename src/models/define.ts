import type { ImageShape } from '../core/image-shape.js';
import {
  CodeDefinition,
  type CodeIdentity,
  type OwnChoice,
  type OwnOptions,
  UsageError,
} from '../core/index.js';
import type { RandomGenerator } from '../tensor/index.js';
import { ImageModel } from './model.js';

export interface ModelSource<Options extends OwnOptions> extends CodeIdentity {
  /** The options that a configuration may give, with their defaults, which also say of what kind each is. */
  readonly options?: Options;
  /**
   * Builds a freshly initialised network on the generator's device.
   * @param input the images that it takes
   * @param classes the scores that it gives for each
   */
  build(options: Options, input: ImageShape, classes: number, random: RandomGenerator): ImageModel;
}

/** A model of one's own that has been defined; see `defineModel`. */
export class ModelDefinition<
  Options extends OwnOptions = OwnOptions,
> extends CodeDefinition<Options> {
  readonly #build: ModelSource<Options>['build'];

  constructor(name: string, source: ModelSource<Options>) {
    super('model', name, source);
    this.#build = source.build;
  }

  /**
   * Builds the network.
   * @throws UsageError when the options are for other code, or what was built is no network that ncfm can use
   */
  build(
    choice: Partial<OwnChoice>,
    input: ImageShape,
    classes: number,
    random: RandomGenerator,
  ): ImageModel {
    const network = this.#build(this.optionsOf(choice), input, classes, random);
    if (network instanceof ImageModel) return network;
    throw new UsageError(
      `the model '${this.name}': build must return a network that extends ImageModel of 'ncfm/models', of the same installation of ncfm`,
    );
  }
}

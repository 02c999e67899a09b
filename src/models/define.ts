import { type CodeIdentity, codeVersion, type Definition, UsageError } from '../core/index.js';
import type { RandomGenerator } from '../tensor/index.js';
import { ImageModel, type InputShape } from './model.js';

declare const own: unique symbol;

/** The name of a model of one's own, so that the type tells it from ncfm's. */
export type OwnModelName = string & { readonly [own]: true };

/** A value that an option of a model of one's own can have. */
export type OwnValue = number | string | boolean | readonly number[];

/** The options of a model of one's own, each with its default. */
export interface OwnOptions {
  readonly [option: string]: OwnValue;
}

/** A model of one's own, as plans name it: its name, the version of its code and its options. */
export interface OwnModelOptions extends OwnOptions {
  readonly name: OwnModelName;
  /** Of the code that the options are for; see `codeVersion`. */
  readonly version: string;
}

export interface ModelSource<Options extends OwnOptions> extends CodeIdentity {
  /** The options that a configuration may give, with their defaults, which also say of what kind each is. */
  readonly options?: Options;
  /**
   * Builds a freshly initialised network on the generator's device.
   * @param input the images that it takes
   * @param classes the scores that it gives for each
   */
  build(options: Options, input: InputShape, classes: number, random: RandomGenerator): ImageModel;
}

/** A model of one's own that has been defined; see `defineModel`. */
export class ModelDefinition<Options extends OwnOptions = OwnOptions> implements Definition {
  readonly name: string;
  readonly module: string | undefined;
  readonly version: string;
  readonly options: Options;
  readonly #build: ModelSource<Options>['build'];

  constructor(name: string, source: ModelSource<Options>) {
    const { options = {} as Options } = source;
    this.name = name;
    this.version = codeVersion(`the model '${name}'`, source);
    this.module = source.module;
    this.options = checked(name, options);
    this.#build = source.build;
  }

  /** The model with these options, and the defaults of the others. */
  with(options: Partial<Options> = {}): OwnModelOptions {
    const { name, version } = this;
    return { ...this.options, ...options, name: name as OwnModelName, version };
  }

  /**
   * Builds the network.
   * @throws UsageError when the options are for other code, or what was built is no network that ncfm can use
   */
  build(
    { name, version = this.version, ...options }: { readonly name: string; version?: string },
    input: InputShape,
    classes: number,
    random: RandomGenerator,
  ): ImageModel {
    if (version !== this.version) {
      throw new UsageError(
        `the code of the model '${name}' has another version here (${this.version}) than where it was asked for (${version})`,
      );
    }
    const network = this.#build({ ...this.options, ...options }, input, classes, random);
    if (network instanceof ImageModel) return network;
    throw new UsageError(
      `the model '${name}': build must return a network that extends ImageModel of 'ncfm/models', of the same installation of ncfm`,
    );
  }
}

const reserved = ['name', 'version'];

function checked<Options extends OwnOptions>(model: string, options: Options): Options {
  for (const [name, value] of Object.entries(options)) {
    const kinds = ['number', 'string', 'boolean'];
    const isList = Array.isArray(value) && value.length > 0 && value.every(Number.isFinite);
    const isPlain = kinds.includes(typeof value) && !Number.isNaN(value);
    if (/^[A-Za-z]\w*$/.test(name) && !reserved.includes(name) && (isPlain || isList)) continue;
    throw new UsageError(
      `the model '${model}': the option '${name}' needs a name of letters, digits and '_' (not ${reserved.join(' or ')}) and a default that is a number, a text, true, false or a list of numbers`,
    );
  }
  return options;
}

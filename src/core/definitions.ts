import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { codeHash } from './code-hash.js';
import { nearest, UsageError } from './errors.js';

/** What tells the code of a definition from other code; at least one of the two. */
export interface CodeIdentity {
  /**
   * `import.meta.url` of the module that makes the definition when it is imported: the module's code, and that of the
   * files it imports by relative paths, are part of what results depend on, and worker processes import it.
   */
  readonly module?: string;
  /** Raised by hand when the code changes what it computes; beside `module` for what lies outside of its files. */
  readonly version?: string;
}

/** Something of a user's own that a configuration can name. */
export interface Definition {
  readonly name: string;
  /** `import.meta.url` of the module that it is made by. */
  readonly module?: string | undefined;
}

const nameRule = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;

export class Definitions<T extends Definition> {
  readonly #known = new Map<string, T>();
  readonly #kind: string;
  readonly #isTaken: (name: string) => boolean;

  /**
   * @param kind what is defined, for messages: 'model'
   * @param isTaken whether ncfm itself has something of this name
   */
  constructor(kind: string, isTaken: (name: string) => boolean) {
    this.#kind = kind;
    this.#isTaken = isTaken;
  }

  get all(): readonly T[] {
    return [...this.#known.values()];
  }

  get names(): readonly string[] {
    return [...this.#known.keys()];
  }

  /**
   * Makes a definition known by its name; one that the same module makes again takes the place of the first.
   * @throws UsageError for a name that is not allowed or taken
   */
  add(definition: T): T {
    const { name, module } = definition;
    if (!nameRule.test(name)) {
      throw new UsageError(
        `'${name}' cannot name a ${this.#kind}; expected a letter and at most 63 letters, digits, '.', '_' and '-'`,
      );
    }
    const known = this.#known.get(name);
    if (this.#isTaken(name) || (known && (module === undefined || known.module !== module))) {
      throw new UsageError(`there is a ${this.#kind} named '${name}' already; choose another name`);
    }
    this.#known.set(name, definition);
    return definition;
  }

  find(name: string): T | undefined {
    return this.#known.get(name);
  }

  /** @throws UsageError when nothing of this name has been defined */
  get(name: string): T {
    const found = this.#known.get(name);
    if (found !== undefined) return found;
    const near = nearest(name, this.names);
    throw new UsageError(
      `there is no ${this.#kind} named '${name}'${near ? `; did you mean '${near}'?` : ''}; import the module that defines it (in a configuration: imports)`,
    );
  }

  /** Whether a module has made a definition. */
  isFrom(module: string): boolean {
    return [...this.#known.values()].some((definition) => definition.module === module);
  }
}

/**
 * The version of a definition's code, for the identities of what is computed with it.
 * @throws UsageError when neither a module nor a version is given, or the module is no file
 */
export function codeVersion(what: string, { module, version }: CodeIdentity): string {
  if (module === undefined) {
    if (version !== undefined && version !== '') return version;
    throw new UsageError(
      `${what}: give its module (import.meta.url), or a version that you raise when its code changes: what was computed with other code must not be taken for its results`,
    );
  }
  if (!module.startsWith('file:') || !existsSync(fileURLToPath(module))) {
    throw new UsageError(`${what}: module is import.meta.url of a file, got '${module}'`);
  }
  const code = codeHash(module, module).slice(0, 16);
  return version === undefined ? code : `${version} ${code}`;
}

/** A value that an option of a definition can have. */
export type OwnValue = number | string | boolean | readonly number[];

/** The options of a definition, each with its default. */
export interface OwnOptions {
  readonly [option: string]: OwnValue;
}

declare const own: unique symbol;

/** The name of something of one's own, so that its type tells it from ncfm's. */
export type OwnName = string & { readonly [own]: true };

/** Something of one's own, as plans name it: its name, the version of its code and its options. */
export interface OwnChoice extends OwnOptions {
  readonly name: OwnName;
  /** Of the code that the options are for; see `codeVersion`. */
  readonly version: string;
}

/** Options as they may be given, where the defaults are one of them. */
export type Widened<Options extends OwnOptions> = {
  readonly [Name in keyof Options]: Options[Name] extends number
    ? number
    : Options[Name] extends string
      ? string
      : Options[Name] extends boolean
        ? boolean
        : readonly number[];
};

/** A definition that takes options, and whose results depend on its code. */
export class CodeDefinition<Options extends OwnOptions> implements Definition {
  readonly name: string;
  readonly module: string | undefined;
  readonly version: string;
  readonly options: Options;
  readonly #what: string;

  /** @throws UsageError for options that are no plain values, or neither module nor version */
  constructor(
    kind: string,
    name: string,
    source: CodeIdentity & { readonly options?: Options | undefined },
  ) {
    this.#what = `the ${kind} '${name}'`;
    this.name = name;
    this.version = codeVersion(this.#what, source);
    this.module = source.module;
    this.options = this.#checked(source.options ?? ({} as Options));
  }

  /** Its choice with these options, and the defaults of the others. */
  with(options: Partial<Options> = {}): OwnChoice {
    const { name, version } = this;
    return { ...this.options, ...options, name: name as OwnName, version };
  }

  /**
   * The options of a choice, complete.
   * @throws UsageError when they are for other code
   */
  protected optionsOf({
    name: _,
    version = this.version,
    ...options
  }: Partial<OwnChoice>): Options {
    if (version === this.version) return { ...this.options, ...options };
    throw new UsageError(
      `${this.#what}: its code has another version here (${this.version}) than where it was asked for (${version})`,
    );
  }

  #checked(options: Options): Options {
    for (const [name, value] of Object.entries(options)) {
      const isList = Array.isArray(value) && value.length > 0 && value.every(Number.isFinite);
      const isPlain = ['number', 'string', 'boolean'].includes(typeof value);
      const isName = /^[A-Za-z]\w*$/.test(name) && !reserved.includes(name);
      if (isName && (isList || (isPlain && !Number.isNaN(value)))) continue;
      throw new UsageError(
        `${this.#what}: the option '${name}' needs a name of letters, digits and '_' (not ${reserved.join(' or ')}) and a default that is a number, a text, true, false or a list of numbers`,
      );
    }
    return options;
  }
}

const reserved = ['name', 'version'];

import { z } from 'zod';
import { codeVersion, Definitions } from '../core/definitions.js';
import { choice } from '../core/fields.js';
import type { Recording } from '../train/pretrain-request.js';
import { dm } from './dm/method.js';
import type { DmOptions, dmSchema } from './dm/options.js';
import { dc, type dcSchema, dsa, type dsaSchema } from './gradient-matching/method.js';
import type { GradientMatchingOptions } from './gradient-matching/options.js';
import type { DistillOptions, Method } from './method.js';
import { ncfm } from './ncfm/method.js';
import type { NcfmOptions } from './ncfm/options.js';
import type { ncfmSchema } from './ncfm/schema.js';
import { rded } from './rded/method.js';
import type { RdedOptions, rdedSchema } from './rded/schema.js';
import { type CoresetInput, coresets } from './selection/method.js';
import { mtt, tesla } from './trajectory-matching/method.js';
import type { mttSchema, TrajectoryOptions, teslaSchema } from './trajectory-matching/options.js';

/** The methods that come with the package, by name. One more is a word here. */
const methods = new Map(
  ([ncfm, dm, dc, dsa, mtt, tesla, rded, ...coresets] as readonly Method[]).map((method) => [
    method.name,
    method,
  ]),
);

export const ownMethods = new Definitions<Method>('method', (name) => methods.has(name));

/** The options of the methods that come with the package, or of any other. */
export type AnyDistillOptions =
  | NcfmOptions
  | DmOptions
  | GradientMatchingOptions
  | TrajectoryOptions
  | RdedOptions
  | DistillOptions;

/** The method of configurations that name none. */
export const usualMethod = ncfm.name;

/**
 * Makes a method known, so that it can be named in configurations and options, or be given as a value.
 * @throws UsageError for a name that is not allowed or taken, or when neither `module` nor `version` is given
 */
export function defineMethod<Options extends DistillOptions>(
  method: Method<Options>,
): Method<Options> {
  codeVersion(`the method ${method.name}`, method);
  ownMethods.add(method as Method);
  return method;
}

export function methodNames(): string[] {
  return [...methods.keys(), ...ownMethods.names];
}

/** The method of a name. Throws UsageError when there is none. */
export function methodOf(name: string): Method {
  return methods.get(name) ?? ownMethods.get(name);
}

/** Whether a pool of networks is pretrained for a distillation by these options. */
export function wantsPool({ method }: Pick<DistillOptions, 'method'>): boolean {
  const { material } = methodOf(method);
  return material === 'pool' || material === 'trajectories';
}

/** Where that pool's networks are wanted on the way of their training; undefined where their ends will do. */
export function recordingFor(options: DistillOptions): Recording | undefined {
  const { material, recording } = methodOf(options.method);
  return material === 'trajectories' ? { kind: 'epochs' } : recording?.(options);
}

/** The options of a method that comes with the package, as a configuration has them. */
export type DistillInput =
  | z.input<typeof ncfmSchema | typeof dmSchema | typeof dcSchema | typeof dsaSchema>
  | z.input<typeof mttSchema | typeof teslaSchema | typeof rdedSchema>
  | CoresetInput;

/** The `distill` mapping of a configuration: that of the method it names. */
export const distillOptions: z.ZodType<DistillOptions, DistillInput> = z
  .custom<DistillInput>()
  .transform((value, context) => {
    const name = String(value?.method);
    const own = ownMethods.find(name);
    const schema =
      (methods.get(name) ?? own)?.schema ?? z.object({ method: choice(methodNames() as [string]) });
    // Written out in the configurations of runs; what counts is the code that is here now.
    const { version, ...given } = value as DistillInput & { readonly version?: unknown };
    const parsed = schema.safeParse(own ? given : value);
    if (parsed.success) {
      const options = parsed.data as DistillOptions;
      return own ? { ...options, version: codeVersion(`the method ${name}`, own) } : options;
    }
    context.issues.push(...(parsed.error.issues as typeof context.issues));
    return z.NEVER;
  });

export function optionNames(): string[] {
  return [...methods.values(), ...ownMethods.all].flatMap(({ schema }) => keysOf(schema));
}

function keysOf(schema: object): string[] {
  if ('in' in schema) return keysOf(schema.in as object);
  return 'shape' in schema ? Object.keys(schema.shape as object) : [];
}

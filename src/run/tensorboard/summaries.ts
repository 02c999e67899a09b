import { double, float, integer, nested } from './protobuf.js';

/** A value of a summary, as TensorBoard's `summary.proto` has it. */
export type SummaryValue = Buffer;

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** A PNG file. */
  readonly file: Buffer;
}

/** The first event of a file: its format. */
export function fileVersion(seconds: number): Buffer {
  return Buffer.concat([double(1, seconds), nested(3, 'brain.Event:2')]);
}

/** An event of values at a step; `seconds` since 1970. */
export function eventOf(seconds: number, step: number, values: readonly SummaryValue[]): Buffer {
  const summary = nested(5, ...values.map((value) => nested(1, value)));
  return Buffer.concat([double(1, seconds), integer(2, step), summary]);
}

export function scalar(tag: string, value: number): SummaryValue {
  return Buffer.concat([nested(1, tag), float(2, value)]);
}

export function image(tag: string, { width, height, file }: Picture): SummaryValue {
  const content = [integer(1, height), integer(2, width), integer(3, 3), nested(4, file)];
  return Buffer.concat([nested(1, tag), nested(4, ...content)]);
}

/** Settings by their paths. */
export type Settings = ReadonlyMap<string, string | number | boolean>;

/** The columns of the table of hyper-parameters: settings, and figures by their tags. */
export function experiment(settings: Settings, metrics: readonly string[]): SummaryValue {
  const types = { string: 1, boolean: 2, number: 3 };
  const columns = [...settings].map(([name, value]) =>
    nested(4, nested(1, name), integer(4, types[typeof value as keyof typeof types])),
  );
  const figures = metrics.map((tag) => nested(5, nested(1, nested(2, tag))));
  return hyperparameters('experiment', nested(2, ...columns, ...figures));
}

/** The settings of a run. */
export function sessionStart(settings: Settings, group: string, seconds: number): SummaryValue {
  const entries = [...settings].map(([name, value]) =>
    nested(1, nested(1, name), nested(2, settingValue(value))),
  );
  const content = [...entries, nested(4, group), double(5, seconds)];
  return hyperparameters('session_start_info', nested(3, ...content));
}

/** `google.protobuf.Value`: a number, a text or a truth. */
function settingValue(value: string | number | boolean): Buffer {
  if (typeof value === 'number') return double(2, value);
  return typeof value === 'boolean' ? integer(4, Number(value)) : nested(3, value);
}

export type SessionStatus = 'success' | 'failure';

export function sessionEnd(status: SessionStatus, seconds: number): SummaryValue {
  const number = status === 'success' ? 1 : 2;
  return hyperparameters('session_end_info', nested(4, integer(1, number), double(2, seconds)));
}

/** What TensorBoard's plugin for hyper-parameters reads, as metadata of a value without content. */
function hyperparameters(name: string, content: Buffer): SummaryValue {
  const plugin = nested(1, nested(1, 'hparams'), nested(2, content));
  return Buffer.concat([nested(1, `_hparams_/${name}`), nested(9, plugin)]);
}

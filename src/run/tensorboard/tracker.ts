import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { settingsByPath } from '../../core/differences.js';
import { makeFolder, writeFailure } from '../../core/files.js';
import type { EventSink, RunEvent } from '../events.js';
import { recordOf } from './record.js';
import {
  eventOf,
  experiment,
  fileVersion,
  image,
  type Settings,
  type SummaryValue,
  scalar,
  sessionEnd,
  sessionStart,
} from './summaries.js';

/** In a run's folder; what `tensorboard --logdir` is to be given is the folder of all runs. */
export const tensorboardFolder = 'tensorboard';

/** The figure that the table of hyper-parameters has. */
const metric = 'accuracy/distilled';

/**
 * Writes a run's events as a file that TensorBoard reads, and whatever else reads its files: scalars by iteration, images,
 * settings. Each process that works on a run writes a file of its own. Of a run of several distillations the first is told:
 * the others are runs of their own.
 */
export class TensorboardTracker implements Disposable {
  readonly #path: string;
  readonly #group: string;
  readonly #began = performance.now();
  #file: number | undefined;
  #isOwn = true;

  /**
   * @param folder the run's
   * @throws FailureError when the file cannot be written
   */
  constructor(folder: string, name: string) {
    makeFolder(join(folder, tensorboardFolder));
    const file = `events.out.tfevents.${Math.floor(now())}.${hostname()}.${process.pid}`;
    this.#path = join(folder, tensorboardFolder, file);
    this.#group = name;
    try {
      this.#file = openSync(this.#path, 'a');
    } catch (cause) {
      throw writeFailure(this.#path, cause);
    }
    this.#write(fileVersion(now()));
  }

  /** Throws FailureError when the file can no longer be written. */
  readonly sink: EventSink = (event) => {
    if (event.type === 'repeat-start') this.#isOwn = event.repeat === 1;
    if (!this.#isOwn) return;
    const values = valuesOf(event, this.#group).filter((value) => value !== undefined);
    if (values.length > 0) this.#write(eventOf(now(), this.#stepOf(event), values));
  };

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #stepOf(event: RunEvent): number {
    if ('iteration' in event) return event.iteration;
    if (event.type === 'pretrain-epoch') return event.epoch;
    if (event.type === 'evaluate-seed-end') return event.seed;
    return event.type === 'system' ? Math.round((performance.now() - this.#began) / 1000) : 0;
  }

  #write(event: Buffer): void {
    if (this.#file === undefined) return;
    const bytes = recordOf(event);
    try {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#file, bytes, written);
      }
    } catch (cause) {
      throw writeFailure(this.#path, cause);
    }
  }
}

/** Seconds since 1970. */
function now(): number {
  return Date.now() / 1000;
}

function valuesOf(event: RunEvent, group: string): (SummaryValue | undefined)[] {
  switch (event.type) {
    case 'run-start': {
      const settings = settingsOf(event.plan);
      return [experiment(settings, [metric]), sessionStart(settings, group, now())];
    }
    case 'run-end':
      return [sessionEnd('success', now())];
    case 'run-stopped':
    case 'run-failed':
      return [sessionEnd('failure', now())];
    case 'pretrain-epoch':
      return [
        figure(`pretrain/network ${event.network}/loss`, event.loss),
        figure(`pretrain/network ${event.network}/training accuracy`, event.trainAccuracy),
      ];
    case 'distill-iteration':
      return [
        figure('distill/loss', event.loss),
        ...Object.entries(event.terms).map(([name, value]) => figure(`distill/${name}`, value)),
        figure('distill/learningRate', event.learningRate),
        figure('distill/seconds', event.seconds),
      ];
    case 'snapshot':
      return [pictureOf(event.path)];
    case 'evaluate-seed-end':
      return [figure(`evaluate/${event.set}`, event.accuracy)];
    case 'evaluate-end':
      return [figure(`accuracy/${event.set}`, event.mean)];
    case 'system':
      return [figure('system/memory', event.memory), figure('system/cpu', event.cpu)];
    default:
      return [];
  }
}

function figure(tag: string, value: number | undefined): SummaryValue | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : scalar(tag, value);
}

/** Width and height stand at fixed places of a PNG file. */
function pictureOf(path: string): SummaryValue {
  const file = readFileSync(path);
  return image('images', { width: file.readUInt32BE(16), height: file.readUInt32BE(20), file });
}

/** Numbers and truths as they are, all else as text. */
function settingsOf(plan: object): Settings {
  const settings = [...settingsByPath(plan)].filter(([, value]) => value !== undefined);
  return new Map(
    settings.map(([key, value]) => {
      const isKept = ['string', 'number', 'boolean'].includes(typeof value);
      return [key, isKept ? (value as string | number | boolean) : JSON.stringify(value)];
    }),
  );
}

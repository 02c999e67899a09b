import { inWords } from '../core/in-words.js';
import { formatDuration } from '../core/progress.js';
import { formatSize } from '../core/size.js';
import type { ContinualStepEnd, ContinualStepStart, RunEvent } from '../run/events.js';

/** A piece of work that moves from 0 to `total`. */
export interface Progress {
  readonly kind: 'progress';
  /** Which work; a new label is new work. */
  readonly label: string;
  readonly done: number;
  readonly total: number;
  /** How long the last unit took, in seconds, where that is known. */
  readonly seconds?: number;
  /** Where the work stands: `iteration 40/100  NCFD 0.0312`. */
  readonly detail: string;
}

/** Something said once, to stay. */
export interface Line {
  readonly kind: 'line';
  /** The stage it belongs to; empty for the run as a whole. */
  readonly label: string;
  readonly text: string;
  readonly tone: 'plain' | 'quiet' | 'good' | 'warning';
}

/**
 * What an event looks like to someone watching; `undefined` when there is nothing to tell.
 * @param seeds how many networks the evaluation under way trains
 */
export function narrate(event: RunEvent, seeds: number): Progress | Line | undefined {
  switch (event.type) {
    case 'method-start':
      return line('', phrases(`method ${event.number}/${event.methods}`, event.method), 'good');
    case 'repeat-start':
      return line(
        '',
        phrases(`distillation ${event.repeat}/${event.repeats}`, `seed ${event.seed}`),
        'good',
      );
    case 'data-decode':
      return progress(
        'data',
        [event.done, event.total],
        phrases(event.data, `picture ${event.done}/${event.total}`),
      );
    case 'data-note':
      return line('data', event.message);
    case 'pretrain-epoch':
      return progress(
        'pretrain',
        [(event.network - 1) * event.epochs + event.epoch, event.networks * event.epochs],
        phrases(
          `network ${event.network}/${event.networks}`,
          `epoch ${event.epoch}/${event.epochs}`,
          `loss ${significant(event.loss)}`,
          `train ${percent(event.trainAccuracy)}`,
        ),
        event.seconds,
      );
    case 'pretrain-resume':
      return line(
        'pretrain',
        `network ${event.network}/${event.networks} goes on after step ${event.step} of ${event.steps}`,
      );
    case 'pretrain-network-end': {
      const tested = event.testAccuracy;
      const test = tested === undefined ? '' : `test accuracy ${percent(tested)}`;
      const network = `network ${event.network}/${event.networks}`;
      return line('pretrain', phrases(network, test, formatDuration(event.seconds)));
    }
    case 'pretrain-reused':
      return line('pretrain', `${plural(event.networks, 'network')} reused from ${event.path}`);
    case 'distill-start':
      return line(
        'distill',
        `${event.imagesPerClass} × ${event.classes} = ${plural(event.storedImages, 'stored image')}, ` +
          `${event.decodedImages} decoded, ${plural(event.iterations, 'iteration')}`,
      );
    case 'distill-resume':
      return line('distill', `goes on after ${plural(event.iteration, 'iteration')}`);
    case 'distill-shared': {
      const each = formatSize(event.bytes / Math.max(1, event.iterations));
      return line('distill', `shared by ${event.processes} processes, ${each} sent an iteration`);
    }
    case 'distill-iteration':
      return progress(
        'distill',
        [event.iteration, event.iterations],
        phrases(
          `iteration ${event.iteration}/${event.iterations}`,
          `loss ${significant(event.loss)}`,
          ...Object.entries(event.terms)
            .filter(([name]) => name.endsWith('Loss'))
            .map(([name, value]) => `${inWords(name)} ${significant(value)}`),
        ),
        event.seconds,
      );
    case 'snapshot':
      return line('distill', `snapshot ${event.path}`, 'quiet');
    case 'evaluate-step':
      return progress(
        `evaluate ${event.set}`,
        [event.together ?? (event.seed - 1) * event.steps + event.step, seeds * event.steps],
        phrases(
          `seed ${event.seed}/${seeds}`,
          `step ${event.step}/${event.steps}`,
          `loss ${significant(event.loss)}`,
        ),
      );
    case 'evaluate-seed-end': {
      const seed = `${event.set}, seed ${event.seed}`;
      const time = event.reused ? 'reused' : formatDuration(event.seconds);
      return line('evaluate', phrases(seed, percent(event.accuracy), time));
    }
    case 'evaluate-end': {
      const deviation = event.std === null ? '' : ` ± ${event.std.toFixed(2)}`;
      const accuracy = `${event.mean.toFixed(2)}${deviation} %`;
      return line('evaluate', phrases(event.set, accuracy, plural(event.n, 'seed')), 'good');
    }
    case 'search-start': {
      const networks = plural(event.candidates, 'architecture');
      return line('search', phrases(event.set, networks, plural(event.steps, 'step')));
    }
    case 'search-candidate':
      return progress(
        `search ${event.set}`,
        [event.done, event.candidates],
        phrases(`${event.done}/${event.candidates}`, event.candidate, percent(event.accuracy)),
      );
    case 'search-end': {
      const time = formatDuration(event.seconds);
      const best = `best ${event.best}`;
      return line('search', phrases(event.set, best, percent(event.accuracy), time), 'good');
    }
    case 'continual-step-start': {
      const classes = `${event.classes.join(', ')} (${event.seen} seen)`;
      return line('continual', phrases(continualPlace(event), classes));
    }
    case 'continual-step-end': {
      const accuracies = Object.entries(event.accuracy).map(
        ([memory, accuracy]) => `${memory} ${percent(accuracy)}`,
      );
      return line('continual', phrases(continualPlace(event), ...accuracies), 'good');
    }
    case 'measure':
      return line('plan', `measuring ${event.work}`, 'quiet');
    case 'warning':
      return line('', `warning: ${event.message}`, 'warning');
    case 'phase-end':
      return line(event.phase, `done in ${formatDuration(event.seconds)}`, 'quiet');
    case 'run-end':
      return line('', `finished in ${formatDuration(event.seconds)}`, 'good');
    case 'run-start':
    case 'run-stopped':
    case 'run-failed':
    case 'system':
    case 'phase-start':
    case 'pretrain-network-start':
    case 'evaluate-start':
      return undefined;
  }
}

/** Work that moves on; `seconds`, where it is known, is how long the last unit took. */
export function progress(
  label: string,
  [done, total]: readonly [done: number, total: number],
  detail: string,
  seconds?: number,
): Progress {
  return {
    kind: 'progress',
    label,
    done,
    total,
    detail,
    ...(seconds !== undefined && { seconds }),
  };
}

function continualPlace({
  repetition,
  repetitions,
  step,
  steps,
}: ContinualStepStart | ContinualStepEnd): string {
  return phrases(`seed ${repetition}/${repetitions}`, `step ${step}/${steps}`);
}

function line(label: string, text: string, tone: Line['tone'] = 'plain'): Line {
  return { kind: 'line', label, text, tone };
}

function phrases(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('  ');
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function percent(value: number): string {
  return `${value.toFixed(1)} %`;
}

function significant(value: number): string {
  return Number.isFinite(value) ? value.toPrecision(3) : String(value);
}

import type { LoggedEvent } from '../../run/event-log.js';
import type { Snapshot } from '../../run/events.js';
import type { RunFailed, RunStart } from '../../run/lifecycle-events.js';
import { StageClock } from '../../run/stages.js';
import type { AccuracyView, Note, ProgressView } from '../view.js';
import { Series } from './series.js';

/** Notes that are kept at most, the newest. */
const mostNotes = 100;

/** How a run's last process has ended; none where it has not, or was killed. */
export type LogEnd =
  | { readonly type: 'run-end' }
  | { readonly type: 'run-stopped' | 'run-failed'; readonly message: string };

/** What a run's log comes to, event by event, in memory that does not grow with it. */
export class LogState {
  start: RunStart | undefined;
  end: LogEnd | undefined;
  /** Of the first and the last event: ISO 8601. */
  began: string | undefined;
  told: string | undefined;
  progress: ProgressView | undefined;
  readonly stages = new StageClock();
  readonly loss = new Series();
  readonly terms = new Map<string, Series>();
  readonly learningRate = new Series();
  readonly pretraining = new Map<string, { readonly loss: Series; readonly accuracy: Series }>();
  readonly evaluating = new Map<string, Series>();
  readonly seedAccuracies = new Map<string, Map<number, number>>();
  readonly evaluated = new Map<string, AccuracyView>();
  readonly snapshots = new Map<number, Omit<Snapshot, 'type'>>();
  readonly memory = new Series();
  readonly cpu = new Series();
  readonly notes: Note[] = [];
  #seeds = 1;
  #seconds = 0;
  #offset = 0;
  /** Of a run with several distillations the first one is shown here; the others are runs of their own. */
  #isOwn = true;

  add(event: LoggedEvent): void {
    this.began ??= event.time;
    this.told = event.time;
    this.stages.add(event);
    this.#clock(event);
    switch (event.type) {
      case 'run-start':
        this.start = event;
        this.end = undefined;
        this.#isOwn = true;
        break;
      case 'run-end':
        this.#finish({ type: 'run-end' });
        break;
      case 'run-stopped':
      case 'run-failed':
        this.#finish(event satisfies Pick<RunFailed, 'message'>);
        break;
      case 'system':
        this.memory.add(this.#seconds, event.memory);
        this.cpu.add(this.#seconds, event.cpu);
        break;
      case 'warning':
        this.#note({ tone: 'warning', text: event.message });
        break;
      case 'data-note':
        this.#note({ tone: 'note', text: event.message });
        break;
      case 'repeat-start':
        this.#isOwn = event.repeat === 1;
        break;
      case 'method-start':
        this.#isOwn = false;
        this.progress = { label: event.method, done: event.number - 1, total: event.methods };
        break;
      default:
        if (this.#isOwn) this.#addWork(event);
    }
  }

  /** Of the stages before the evaluation; the rest is handed on. */
  #addWork(event: LoggedEvent): void {
    switch (event.type) {
      case 'pretrain-epoch': {
        const { network, networks, epoch, epochs, loss, trainAccuracy } = event;
        const done = (network - 1) * epochs + epoch;
        this.progress = { label: 'pretrain', done, total: networks * epochs };
        const name = `network ${network}`;
        const curves = known(this.pretraining, name, () => ({
          loss: new Series(),
          accuracy: new Series(),
        }));
        curves.loss.add(epoch, loss);
        curves.accuracy.add(epoch, trainAccuracy);
        break;
      }
      case 'distill-iteration': {
        const { iteration, iterations, loss, terms, learningRate } = event;
        this.progress = { label: 'distill', done: iteration, total: iterations };
        this.loss.add(iteration, loss);
        this.learningRate.add(iteration, learningRate);
        for (const [name, value] of Object.entries(terms ?? {})) {
          known(this.terms, name, () => new Series()).add(iteration, value);
        }
        break;
      }
      case 'snapshot':
        this.snapshots.set(event.iteration, event);
        break;
      default:
        this.#addEvaluation(event);
    }
  }

  #addEvaluation(event: LoggedEvent): void {
    switch (event.type) {
      case 'evaluate-start':
        this.#seeds = event.seeds;
        this.evaluating.delete(event.set);
        this.seedAccuracies.set(event.set, new Map());
        break;
      case 'evaluate-step': {
        const { set, seed, step, steps, together, loss } = event;
        const done = together ?? (seed - 1) * steps + step;
        this.progress = { label: `evaluate ${set}`, done, total: this.#seeds * steps };
        if (seed === 1) known(this.evaluating, set, () => new Series()).add(step, loss);
        break;
      }
      case 'evaluate-seed-end':
        known(this.seedAccuracies, event.set, () => new Map()).set(event.seed, event.accuracy);
        break;
      case 'evaluate-end':
        this.evaluated.set(event.set, event);
        break;
      case 'search-candidate': {
        const { set, done, candidates } = event;
        this.progress = { label: `search ${set}`, done, total: candidates };
        break;
      }
      case 'continual-step-end': {
        const { repetition, step, steps, repetitions } = event;
        const done = (repetition - 1) * steps + step;
        this.progress = { label: 'continual', done, total: repetitions * steps };
        break;
      }
    }
  }

  /** Seconds of all the run's processes together: each counts its own from 0. */
  #clock({ elapsed }: LoggedEvent): void {
    if (!Number.isFinite(elapsed)) return;
    if (elapsed + this.#offset < this.#seconds) this.#offset = this.#seconds;
    this.#seconds = this.#offset + elapsed;
  }

  #finish(end: LogEnd): void {
    this.end = end;
    this.progress = undefined;
  }

  #note(note: Note): void {
    this.notes.push(note);
    if (this.notes.length > mostNotes) this.notes.shift();
  }
}

function known<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

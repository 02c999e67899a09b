import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/** How many tests ended which way. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Counts the tests of a finished run. What broke outside a test (a file that can't be loaded, a
 * failing hook, an error nobody caught) counts as one failure each, so that 0 failed means success.
 */
export function countTests(
  modules: readonly TestModule[],
  unhandledErrors: readonly unknown[],
): Totals {
  const totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
  for (const module of modules) {
    totals.failed += module.errors().length;
    for (const suite of module.children.allSuites()) totals.failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      totals[state === 'pending' ? 'skipped' : state] += 1;
    }
  }
  return totals;
}

/** `tests: 12 passed, 0 failed`, followed by `, 3 skipped` if any were. */
export function closingLine({ passed, failed, skipped }: Totals): string {
  const end = skipped > 0 ? `, ${skipped} skipped` : '';
  return `tests: ${passed} passed, ${failed} failed${end}`;
}

/** Prints the totals as the run's last line, where people and programs find them alike. */
export default class ClosingLineReporter implements Reporter {
  #line: string | undefined;

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const isFirstRun = this.#line === undefined;
    this.#line = closingLine(countTests(modules, unhandledErrors));
    // Other reporters print at the end of the run too; only the process's end is after them all.
    if (isFirstRun) process.once('exit', () => process.stdout.write(`\n${this.#line}\n`));
  }
}

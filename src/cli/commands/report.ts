import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Invocation } from '../invocation.js';
import { addExamples, addJsonOption } from '../options.js';

interface ReportOptions {
  readonly out?: string;
  readonly json?: boolean;
}

export function addReportCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('report')
    .summary('one HTML file that shows a run, or compares several')
    .description(
      'Writes what a run came to as one HTML file that needs no network: images over the iterations, curves, accuracies ' +
        'with intervals, classes, settings and provenance. Of several runs, or of the folder of a comparison, all of them ' +
        'beside each other. Every run ends with one of its own, report.html.',
    )
    .argument('<runs...>', 'the folders of runs or of a comparison')
    .option('--out <file>', 'where to write it (default: report.html in the folder of the first)');
  addJsonOption(
    addExamples(command, [
      'ncfm report runs/digits',
      'ncfm report runs/digits-ncfm runs/digits-dm --out both.html',
      'ncfm report runs/digits-compare',
    ]),
  ).action(async (runs: readonly string[], { out, ...options }: ReportOptions) => {
    const { writeReport } = await import('../../studio/report/write-report.js');
    const path = await writeReport(runs, out === undefined ? undefined : resolve(out));
    invocation.print({ report: path }, `${relative('', path) || path}\n`, options);
  });
}

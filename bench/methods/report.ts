import { formatBytes, formatSeconds, textTable } from '../table.js';
import { type Cost, type Form, forms } from './cases.js';
import { type MethodRow, type MethodsResult, titleOf } from './results.js';

const names: Readonly<Record<Form, string>> = {
  ours: 'ours',
  libtorch: "LibTorch's operators",
  official: 'official form',
};

/** The methods side by side as people read them; '' when they were not measured. */
export function methodsText(result: MethodsResult | null): string {
  if (result === null) return '';
  const comparisons = result.comparisons.map(({ title, rows }) =>
    [
      `${title}\nSeconds per iteration, and how many times those of NCFM, ψ off\n`,
      table(rows, 'seconds', formatSeconds),
      'Memory at its greatest, alike\n',
      table(rows, 'bytes', formatBytes),
      ...rows.map(parts),
    ].join(''),
  );
  return [...comparisons, `${explanation}${result.checks.map(checkText).join('')}`].join('\n');
}

function table(
  rows: readonly MethodRow[],
  what: keyof Cost,
  format: (value: number) => string,
): string {
  const numeric = true;
  const headings = [...forms.map((form) => names[form]), 'paper (A100)'];
  const columns = headings.flatMap((heading) => [
    { heading, numeric },
    { heading: '×', numeric },
  ]);
  const cells = (cost: Cost | null, ratio: Cost | null, missing: string) => {
    const [value, times] = [cost?.[what] ?? null, ratio?.[what] ?? null];
    return [value === null ? missing : format(value), times === null ? '' : times.toPrecision(3)];
  };
  return textTable(
    [{ heading: 'method' }, ...columns],
    rows.map(({ work, costs, paper, paperRatio }) => [
      titleOf(work),
      ...forms.flatMap((form) => cells(costs[form], costs[form]?.ratio ?? null, '–')),
      ...cells(paper, paperRatio, 'out of memory'),
    ]),
  );
}

function parts({ work, costs }: MethodRow): string {
  return forms
    .map((form) => ({ form, part: costs[form]?.part ?? null }))
    .filter(({ part }) => part !== null)
    .map(({ form, part }) => `${titleOf(work)}, ${names[form]}: ${part}, scaled\n`)
    .join('');
}

const explanation =
  'MTT and TESLA: inner steps × synthetic images of each. Ours: the exact and the frozen adjoint; by LibTorch alone: the\n' +
  'same without our kernels; official form: NCFM by PyTorch class by class, MTT by one graph of all steps, TESLA by two passes.\n';

function checkText({ method, form, from, to, ratio }: MethodsResult['checks'][number]): string {
  const loops = from.map((loop) => titleOf({ method, ...loop })).join(' and ');
  return (
    `scaling, ${names[form]}: from ${loops} to ${titleOf({ method, ...to })}, foretold over measured: ` +
    `time ${ratio.seconds.toFixed(2)}, memory ${ratio.bytes!.toFixed(2)}\n`
  );
}

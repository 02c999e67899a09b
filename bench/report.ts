import { cpus } from 'node:os';
import { methodsText } from './methods/report.js';
import type { BenchResult, Machine, Measurement, Phase, SettingResult } from './results.js';
import { rivalText, starredText } from './rivals.js';
import { formatBytes, formatSeconds, textTable } from './table.js';

/** The results as people read them. */
export function renderReport(result: BenchResult): string {
  return [
    machineText(result.machine),
    agreementText(result),
    settingsText(result.settings),
    trainingText(result),
    overheadText(result),
    kernelsText(result),
    phasesText(result),
    dataText(result),
    curvesText(result),
    methodsText(result.methods),
    result.failures.map((failure) => `not measured: ${failure}\n`).join(''),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function machineText({ cpu, engine, threads, peakGflops, bandwidth, ...machine }: Machine): string {
  const { memoryBytes, coreType, pytorches } = machine;
  const openBlas = (kernels: string | null | undefined) =>
    `OpenBLAS ${kernels ?? 'by its own choice'}`;
  return [
    `${cpu}, ${cpus().length} processors, ${formatBytes(memoryBytes)}; ${threads} threads on both sides`,
    `ours: LibTorch ${engine.version} (${engine.cpuCapability}), own kernels ${engine.instructionSet}, ${openBlas(coreType)}`,
    ...pytorches.map(
      ({ torch, instructions, blas, oneDnn, options }) =>
        `PyTorch ${torch} (${instructions}), ${blas === 'mkl' ? 'MKL' : openBlas(options.coreType)}, oneDNN ${oneDnn ?? 'unknown'}`,
    ),
    `peak of multiply-adds ${peakGflops.toFixed(0)} GFLOP/s, memory ${(bandwidth / 1e9).toFixed(1)} GB/s`,
    '',
  ].join('\n');
}

function agreementText({ agreement }: BenchResult): string {
  return agreement
    .map(({ shape, lossDifference, gradientDifference, same, ...rival }) => {
      const differences = `losses differ by ${lossDifference.toExponential(1)}, gradients by ${gradientDifference.toExponential(1)} (relative)`;
      const verdict = same ? '' : ': not the same computation, and not compared';
      return `same input, ${shape.join('×')}, ${rivalText(rival)}: ${differences}${verdict}\n`;
    })
    .join('');
}

function settingsText(results: readonly SettingResult[]): string {
  if (results.length === 0) return '';
  const numeric = true;
  const columns = [
    { heading: 'setting' },
    { heading: 'ψ' },
    { heading: 'K', numeric },
    { heading: 'who' },
    { heading: 'seconds', numeric },
    { heading: 'min – max', numeric },
    { heading: 'ours is faster', numeric },
    { heading: 'memory', numeric },
    { heading: 'GFLOP/s', numeric },
    { heading: 'of peak', numeric },
  ];
  return `Seconds per iteration (median), peak resident memory\n${textTable(columns, results.flatMap(settingRows))}${notes(results)}`;
}

/** Ours, and behind the first of a setting its rivals. */
function settingRows(
  { name, psi, amortise, ours, pytorch, best, ratio }: SettingResult,
  index: number,
  all: readonly SettingResult[],
): string[][] {
  const setting = [name, psi ? 'on' : 'off', String(amortise)];
  const cells = (
    who: string,
    { seconds, min, max, peakBytes, ...rates }: Measurement,
    faster: string,
  ) => [
    ...setting,
    who,
    formatSeconds(seconds),
    `${formatSeconds(min)} – ${formatSeconds(max)}`,
    faster,
    formatBytes(peakBytes),
    rates.gflops.toFixed(0),
    `${(100 * rates.peakFraction).toFixed(0)} %`,
  ];
  const own = cells('ours', ours, amortise === 1 ? '' : `${ratio.toFixed(2)}×`);
  if (all[index - 1]?.pytorch === pytorch) return [own];
  const rivals = pytorch.map((rival) => {
    const faster = rival.same ? `${(rival.seconds / ours.seconds).toFixed(2)}×` : 'another loss';
    return cells(starredText(rival, best), rival, faster);
  });
  return [own, ...rivals];
}

function notes(results: readonly SettingResult[]): string {
  const titles = new Map(results.map(({ name, title }) => [name, `${name}: ${title}\n`]));
  const scaled = new Map(
    results.flatMap(({ name, pytorch: [first] }) =>
      first === undefined || first.timedClasses === first.classes
        ? []
        : [
            [
              name,
              `${name}: PyTorch was timed on ${first.timedClasses} of ${first.classes} classes and scaled, its time being linear in them (--whole times all)\n`,
            ] as const,
          ],
    ),
  );
  const work =
    '*: the fastest form that computes our loss; with K > 1 ours is compared with it. GFLOP/s and share of the peak count the\n' +
    'multiply-adds of direct convolutions and of projections as two operations, and the peak is of single precision; K\n' +
    'iterations share one draw of network and real images.\n';
  return [...titles.values(), ...scaled.values(), work].join('');
}

function trainingText({ training }: BenchResult): string {
  if (training.length === 0) return '';
  const columns = [
    { heading: 'training' },
    { heading: 'width', numeric: true },
    { heading: 'who' },
    { heading: 'images/s', numeric: true },
    { heading: 'ours is faster', numeric: true },
  ];
  const rows = training.flatMap(({ task, width, ours, pytorch, best }) => [
    [task, String(width), 'ours', ours.toFixed(0), ''],
    ...pytorch.map(({ speed, ...rival }) => {
      const faster = `${(ours / speed).toFixed(2)}×`;
      return [task, String(width), starredText(rival, best), speed.toFixed(0), faster];
    }),
  ]);
  return textTable(columns, rows);
}

function overheadText({ overhead }: BenchResult): string {
  if (overhead === null) return '';
  const { ours, pytorch } = overhead;
  return `addition of two small tensors: ours ${ours.toFixed(0)} ns, PyTorch ${pytorch.toFixed(0)} ns\n`;
}

function kernelsText({ kernels }: BenchResult): string {
  if (kernels.length === 0) return '';
  const columns = [
    { heading: 'operator' },
    { heading: 'ours', numeric: true },
    { heading: 'ATen composition', numeric: true },
    { heading: 'ratio', numeric: true },
  ];
  const rows = kernels.map(({ name, oursSeconds, compositionSeconds }) => [
    name,
    formatSeconds(oursSeconds),
    formatSeconds(compositionSeconds),
    `${(compositionSeconds / oursSeconds).toFixed(2)}×`,
  ]);
  return textTable(columns, rows);
}

function phasesText({ phases }: BenchResult): string {
  if (phases.length === 0) return '';
  const total = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  const columns = [
    { heading: 'phase of our iteration, (a), ψ on' },
    { heading: 'seconds', numeric: true },
    { heading: 'share', numeric: true },
    { heading: 'floor', numeric: true },
    { heading: 'above it', numeric: true },
  ];
  const rows = phases.map((phase) => [
    phase.name,
    formatSeconds(phase.seconds),
    `${((100 * phase.seconds) / total).toFixed(0)} %`,
    ...floorCells(phase),
  ]);
  return textTable(columns, rows);
}

function floorCells({ seconds, floorSeconds, floor }: Phase): string[] {
  if (floorSeconds === null) return ['', ''];
  return [`${formatSeconds(floorSeconds)} (${floor})`, `${(seconds / floorSeconds).toFixed(1)}×`];
}

function dataText({ data }: BenchResult): string {
  if (data === null) return '';
  const { decoding, batches, index } = data;
  const { width, height, side, cached, sharp, sharpScalingEarly } = decoding;
  const share = (other: number) => `${((100 * cached) / other).toFixed(0)} %`;
  const memory = index.bytes === null ? '' : `, with ${formatBytes(index.bytes)} of memory`;
  return [
    `JPEG pictures of ${width}×${height} to ${side}×${side}: ${cached.toFixed(0)} a second into the cache; sharp alone ` +
      `${sharp.toFixed(0)} (${share(sharp)}), with JPEG's own scaling ${sharpScalingEarly.toFixed(0)} (${share(sharpScalingEarly)})`,
    ...batches.map(
      ({ shape, batch, bytesPerSecond }) =>
        `mapped class batches, ${batch} images of ${shape.join('×')}: ${(bytesPerSecond / 1e9).toFixed(2)} GB/s`,
    ),
    `${index.images} images of 8×8: cached in ${formatSeconds(index.seconds)}${memory}, opened again in ${formatSeconds(index.secondsAgain)}`,
    '',
  ].join('\n');
}

function curvesText({ curves }: BenchResult): string {
  if (curves.length === 0) return '';
  const columns = [
    { heading: 'our iteration, ψ off' },
    { heading: 'of', numeric: true },
    { heading: 'seconds', numeric: true },
    { heading: 'memory', numeric: true },
  ];
  const rows = curves.map(({ axis, value, seconds, peakBytes }) => [
    ...[axis, String(value), formatSeconds(seconds), formatBytes(peakBytes)],
  ]);
  return textTable(columns, rows);
}

import { cpus } from 'node:os';
import { methodsText } from './methods/report.js';
import type { BenchResult, Machine, Phase, SettingResult } from './results.js';
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
    methodsText(result.methods),
    result.failures.map((failure) => `not measured: ${failure}\n`).join(''),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function machineText({ cpu, engine, threads, peakGflops, bandwidth, ...machine }: Machine): string {
  const { ours, pytorch } = machine.openBlas;
  return [
    `${cpu}, ${cpus().length} processors, ${formatBytes(machine.memoryBytes)}; ${threads} threads on both sides`,
    `LibTorch ${engine.version} (${engine.cpuCapability})${machine.pytorch === null ? '' : `, PyTorch ${machine.pytorch}`}`,
    `OpenBLAS kernels: ours ${ours ?? 'its own choice'}, PyTorch ${pytorch ?? 'its own choice'}`,
    `matrix-product peak ${peakGflops.toFixed(0)} GFLOP/s, memory ${(bandwidth / 1e9).toFixed(1)} GB/s`,
    '',
  ].join('\n');
}

function agreementText({ agreement }: BenchResult): string {
  return agreement
    .map(
      ({ shape, lossDifference, gradientDifference }) =>
        `same input, ${shape.join('×')}: losses differ by ${lossDifference.toExponential(1)}, gradients by ${gradientDifference.toExponential(1)} (relative)\n`,
    )
    .join('');
}

function settingsText(results: readonly SettingResult[]): string {
  if (results.length === 0) return '';
  const numeric = true;
  const columns = [
    { heading: 'setting' },
    { heading: 'ψ' },
    { heading: 'K', numeric },
    { heading: 'ours', numeric },
    { heading: 'min – max', numeric },
    { heading: 'PyTorch', numeric },
    { heading: 'min – max', numeric },
    { heading: 'ratio', numeric },
    { heading: 'memory', numeric },
    { heading: 'PyTorch', numeric },
    { heading: 'GFLOP/s', numeric },
    { heading: 'of peak', numeric },
  ];
  const rows = results.map(({ name, psi, amortise, ours, pytorch, ratio }) => [
    name,
    psi ? 'on' : 'off',
    String(amortise),
    formatSeconds(ours.seconds),
    `${formatSeconds(ours.min)} – ${formatSeconds(ours.max)}`,
    formatSeconds(pytorch.seconds),
    `${formatSeconds(pytorch.min)} – ${formatSeconds(pytorch.max)}`,
    `${ratio.toFixed(2)}×`,
    formatBytes(ours.peakBytes),
    formatBytes(pytorch.peakBytes),
    ours.gflops.toFixed(0),
    `${(100 * ours.peakFraction).toFixed(0)} %`,
  ]);
  return `Seconds per iteration (median), peak resident memory\n${textTable(columns, rows)}${notes(results)}`;
}

function notes(results: readonly SettingResult[]): string {
  const titles = new Map(results.map(({ name, title }) => [name, `${name}: ${title}\n`]));
  const scaled = new Map(
    results
      .filter(({ pytorch }) => pytorch.timedClasses < pytorch.classes)
      .map(({ name, pytorch }) => [
        name,
        `${name}: PyTorch was timed on ${pytorch.timedClasses} of ${pytorch.classes} classes and scaled, its time being linear in them (--whole times all)\n`,
      ]),
  );
  const work =
    'GFLOP/s and share of the peak: of our side, counting the multiply-adds of direct convolutions and of projections\n' +
    'as two operations; K iterations share one draw of network and real images.\n';
  return [...titles.values(), ...scaled.values(), work].join('');
}

function trainingText({ training }: BenchResult): string {
  if (training.length === 0) return '';
  const columns = [
    { heading: 'training' },
    { heading: 'width', numeric: true },
    { heading: 'ours (images/s)', numeric: true },
    { heading: 'PyTorch', numeric: true },
    { heading: 'ratio', numeric: true },
  ];
  const rows = training.map(({ task, width, ours, pytorch, ratio }) => [
    task,
    String(width),
    ours.toFixed(0),
    pytorch.toFixed(0),
    `${ratio.toFixed(2)}×`,
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

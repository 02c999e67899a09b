import { describe, expect, it } from 'vitest';
import { parseAccuracyArguments } from './accuracy/arguments.js';
import { parseArguments } from './arguments.js';
import { BenchError } from './errors.js';
import { extras, select, settings } from './settings.js';

describe('the command line of the benchmark', () => {
  it('measures every setting and everything else but what is long unless told otherwise', () => {
    const selected = select(parseArguments([]));
    expect(selected.settings).toEqual(settings);
    expect(selected.extras).toEqual(
      extras.filter((name) => name !== 'methods' && name !== 'curves'),
    );
  });

  it('measures what --only names', () => {
    const selected = select(parseArguments(['--only', 'paper,kernels,methods']));
    expect(selected.settings.map(({ name }) => name)).toEqual(['paper']);
    expect(selected.extras).toEqual(['kernels', 'methods']);
  });

  it('measures the official setting with the sampling network when it is to be quick', () => {
    const selected = select(parseArguments(['--quick']));
    expect(selected.settings.map(({ name }) => name)).toEqual(['official']);
    expect(selected.settings[0]).toMatchObject({ psi: [true], amortise: [1, 5] });
    expect(selected.extras).not.toContain('methods');
    expect(selected.extras).not.toContain('curves');
  });

  it('takes the number of iterations for both sides', () => {
    const [official] = select(parseArguments(['--iterations', '7'])).settings;
    expect(official!.iterations).toEqual({ ours: 7, pytorch: 7 });
  });

  it('needs no PyTorch for what is compared with none', () => {
    const compared = (names: string) => select(parseArguments(['--only', names])).compared;
    expect(compared('phases,curves,kernels,data')).toBe(false);
    expect(compared('phases,training')).toBe(true);
    expect(compared('paper')).toBe(true);
  });

  it('times PyTorch on a part of the classes of CIFAR-100, on all with --whole', () => {
    const cifar100 = (...flags: string[]) =>
      select(parseArguments(['--only', 'cifar100', ...flags])).settings[0]!;
    expect(cifar100().pytorchClasses).toBeLessThan(100);
    expect(cifar100('--whole').pytorchClasses).toBe(100);
  });

  it.each([
    [['--only', 'offical'], /--only offical: unknown/],
    [['--threads', '0'], /--threads 0: expected a positive whole number/],
    [['--openblas', 'fast'], /--openblas fast: expected same or default/],
    [['--fast'], /--fast/],
  ])('refuses %j', (args, message) => {
    const run = () => select(parseArguments(args));
    expect(run).toThrow(BenchError);
    expect(run).toThrow(message);
  });
});

describe('the command line of the time to accuracy', () => {
  it('does all stages for 10 and 1 images per class', () => {
    const options = parseAccuracyArguments([]);
    expect(options.stages).toEqual(['pretrain', 'pytorch', 'ours', 'evaluate', 'report']);
    expect(options.imagesPerClass).toEqual([10, 1]);
    expect(options.freshBatches).toBe(true);
  });

  it('does chosen stages in their order', () => {
    expect(parseAccuracyArguments(['--stage', 'report,ours']).stages).toEqual(['ours', 'report']);
  });

  it.each([
    [['--stage', 'repot'], /--stage repot: unknown/],
    [['--minutes', '0'], /--minutes 0: expected a number above 0/],
    [['--snapshot-ratio', '1'], /expected a number above 1/],
    [['--iterations', '10,x'], /--iterations x: expected a positive whole number/],
  ])('refuses %j', (args, message) => {
    expect(() => parseAccuracyArguments(args)).toThrow(message);
  });
});

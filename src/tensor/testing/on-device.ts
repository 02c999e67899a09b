/**
 * What makes tensors, for tests: under the library's names, on the tests' device unless another is given. The tests'
 * device is the CPU, or what the environment variable NCFM_TEST_DEVICE names ('cuda', or 'stand-in', see `standInDevice`); test/device-axis.test.ts sees to it that no
 * suite makes tensors elsewhere.
 */
import { describe } from 'vitest';
import { engine, requireDevice, standInDevice } from '../device.js';
import * as library from '../index.js';
import type { Device, Tensor } from '../tensor.js';

const asked = process.env.NCFM_TEST_DEVICE || 'cpu';

/**
 * The device that tests run on, by the name that its tensors give. Loading this file throws UsageError where it is unknown
 * or not there.
 */
export const testDevice: Device = requireDevice(
  { cuda: 'cuda:0', 'stand-in': standInDevice }[asked] ?? asked,
);

/** For what is about the processor's memory, whatever the tests are for. */
export const hostDevice: Device = 'cpu';

/** A suite about the processor or the host's memory alone, which is skipped where tests run on another device. */
export const describeOnHost: ReturnType<typeof describe.skipIf> = describe.skipIf(
  testDevice !== 'cpu',
);

/**
 * A suite on the stand-in for a GPU, which works with LibTorch 1.13; a LibTorch 2 looks for an accelerator behind it, and the
 * suite is skipped there.
 */
export const describeOnStandIn: ReturnType<typeof describe.skipIf> = describe.skipIf(
  !engine().version.startsWith('1.'),
);

/** Moves a tensor to the tests' device; its owner has the one on the device afterwards, and no other. */
export function onTestDevice(host: Tensor): Tensor {
  if (testDevice === 'cpu') return host;
  const there = library.toDeviceOf(host, testDevice);
  host.dispose();
  return there;
}

export class RandomGenerator extends library.RandomGenerator {
  constructor(seed: number, device: Device = testDevice) {
    super(seed, device);
  }
}

export const tensor = (...values: Parameters<typeof library.tensor>): Tensor =>
  onTestDevice(library.tensor(...values));

type Shape = readonly number[];
type Options = library.CreationOptions;

export const full = (shape: Shape, value: number, options: Options = {}): Tensor =>
  library.full(shape, value, { device: testDevice, ...options });
export const zeros = (shape: Shape, options: Options = {}): Tensor => full(shape, 0, options);
export const ones = (shape: Shape, options: Options = {}): Tensor => full(shape, 1, options);
export const arange = (length: number, options: Options = {}): Tensor =>
  library.arange(length, { device: testDevice, ...options });
